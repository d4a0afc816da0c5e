/* SPDX-License-Identifier: MIT */
/* module-index: what libkmod looks modules up in at boot, for just the modules that are in the tree. */
#pragma once

#include "image/build.h"

/*
 * Taken from what depmod wrote in the sysroot: the rows of the modules that are in, their priorities counted
 * anew. Where one of its texts is not there, depmod_add() reads the modules themselves. Errors are logged.
 */
int module_index_add(struct build *b);

/* One file of the index, "modules.dep.bin", from `size` bytes that are copied. Errors are logged. */
int module_index_add_file(struct build *b, const char *name, const char *bytes, size_t size);
