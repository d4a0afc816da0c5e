/* SPDX-License-Identifier: MIT */
/*
 * module-file: a module's file in the tree: as it lies in the sysroot or, where /init loads it by itself, decompressed.
 *
 * finit_module(2) unpacks a module only since 5.17, and only by what the kernel is built with; the signature, at the
 * file's end, is the same.
 */
#pragma once

#include "image/module.h"

/* The node of what is "kernel/fs/ext4/ext4.ko.xz" below the kernel's directory, by either name; NULL: it is not in. */
const struct tree_node *module_file_find(const struct build *b, const char *relative);

/* How long the path is without what says how it is compressed. */
size_t module_file_plain(const char *path);

/* Adds it, for `reason` and `by`; decompressed where m->near is set. The error is logged. */
int module_file_add(struct modules *m, const char *relative, const struct tree_node *model,
		    const struct tree_node **ret);
