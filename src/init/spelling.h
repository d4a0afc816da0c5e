/* SPDX-License-Identifier: MIT */
/*
 * spelling: the words by which the layers of a live system are asked for: our own, and those that others have made
 * people write into their boot loaders. docs/live.md has the same table. Pure.
 */
#pragma once

#include "init/option.h"

/*
 * Does that word say something of layers? Then it is taken into `b->live`, and the other options do not see it. 1: it
 * does; 0: it does not; -ENOMEM. The whole command line is in `b->cmdline` already.
 */
int spelling_take(struct boot *b, const struct cmdline_word *w);

/* In a path that overlayfs gets among its mount options these have a meaning. */
#define SPELLING_SIGNS ",:\\"

/* A path without them and without ".."; else a warning. 0 or -ENOMEM. */
int spelling_path(struct boot *b, const struct cmdline_word *w, char **ret);

/* tmpfs(5): bytes, with a suffix, or a share of the memory. */
bool spelling_is_size(const char *s);
