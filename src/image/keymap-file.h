/* SPDX-License-Identifier: MIT */
/* keymap-file: keymaps(5) of the sysroot, by name, with the files that they include. */
#pragma once

#include "image/build.h"

/*
 * The path of the keymap of that name in the sysroot, "/usr/share/keymaps/i386/qwertz/de.kmap.gz" for "de". -ENOENT
 * where there is none; the caller frees it.
 */
int keymap_file_find(const struct sysroot *s, const char *name, char **ret);

/*
 * Takes that file in, and what it includes: unpacked, since loadkeys(1) calls gzip(1) for what is not, and without
 * ".gz". What cannot be found or read is an error, which is logged.
 */
int keymap_file_add(struct build *b, const char *path);
