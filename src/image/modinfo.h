/* SPDX-License-Identifier: MIT */
/* modinfo: what a module says of itself. */
#pragma once

#include "base/macro.h"

struct kmod_ctx;

/*
 * The values of a key ("firmware"), appended to the strv `ret`. The module of that name is read, and unpacked, for it:
 * milliseconds for one that is compressed. 0, -ENOMEM, or what libkmod says.
 */
int modinfo_read(struct kmod_ctx *kmod, const char *name, const char *key, char ***ret);
