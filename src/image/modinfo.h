/* SPDX-License-Identifier: MIT */
/* modinfo: what a module says of itself. */
#pragma once

#include "base/macro.h"

struct kmod_ctx;

/*
 * The values of a key ("firmware"), appended to the strv `ret`. The module is read, and unpacked, for it: milliseconds
 * for one that is compressed. `path` is absolute, on the host. 0, -ENOMEM, or what libkmod says.
 */
int modinfo_read(struct kmod_ctx *kmod, const char *path, const char *key, char ***ret);
