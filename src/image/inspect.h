/* SPDX-License-Identifier: MIT */
/* inspect: what lies in an image, for `slipway ls` and `slipway cat`. Errors are logged. */
#pragma once

#include "base/macro.h"

/*
 * All paths, one a line; `details` adds mode, size and what a symlink points at. Of an image that is damaged, what is
 * whole, and then -EBADMSG.
 */
int inspect_list(const char *image, bool details);

/* A PE file's sections, and the archives: offset, size, format, size unpacked, number of files. */
int inspect_parts(const char *image);

/* The content of files, one after the other, to standard output; `paths` is a strv. */
int inspect_print(const char *image, char *const *paths);

/* The same with sections of a PE file: ".cmdline". */
int inspect_print_sections(const char *image, char *const *names);
