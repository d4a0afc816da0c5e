/* SPDX-License-Identifier: MIT */
/* machine: this machine's /proc, /sys and /dev, asked what it boots from. */
#pragma once

#include "image/config.h"

/*
 * For config->sysroot as the tree of this machine's next boot. 0 with `*ret` filled. Where it cannot be told: 1
 * after a warning, when a file asked for mode = host, and the image is to be one for any machine; -errno after the
 * one error was logged, when the command line did.
 */
int machine_read(const struct config *c, struct target *ret);

/* The same without a word: target_read()'s result, and why not. */
int machine_ask(const struct config *c, struct target *ret, char **ret_why);
