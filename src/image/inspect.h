/* SPDX-License-Identifier: MIT */
/* inspect: what lies in an image, for `slipway ls` and `slipway cat`. */
#pragma once

#include "base/macro.h"

/* All paths, one a line; `details` adds mode, size and what a symlink points at. Errors are
 * logged. */
int inspect_list(const char *image, bool details);

/* The content of files, one after the other, to standard output; `paths` is a strv. Errors are
 * logged. */
int inspect_print(const char *image, char *const *paths);
