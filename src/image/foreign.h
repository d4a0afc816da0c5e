/* SPDX-License-Identifier: MIT */
/* foreign: are init and the sysroot for the same machine? */
#pragma once

#include "image/build.h"
#include "image/elf.h"

/*
 * init comes from one place (--libexecdir), what it runs and needs from another. Compared with programs that every
 * system has; the one error is logged. 0, -ENOEXEC, -ENOMEM.
 */
int foreign_check(const struct build *b, const struct elf *init);
