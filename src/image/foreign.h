/* SPDX-License-Identifier: MIT */
/* foreign: are init and the sysroot for the same machine? */
#pragma once

#include "image/build.h"
#include "image/elf.h"

/*
 * Which machine the image is for, as /init of the tree says; no table of `*ret` may be looked at. init comes from one
 * place (--libexecdir), what it runs and needs from another: it is compared with programs that every system has. The
 * one error is logged.
 */
int foreign_check(const struct build *b, struct elf *ret);
