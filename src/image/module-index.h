/* SPDX-License-Identifier: MIT */
/* module-index: what libkmod looks modules up in at boot, for just the modules that are in the tree. */
#pragma once

#include "image/near.h"

/*
 * Taken from what depmod wrote in the sysroot: the rows of the modules that are in, their priorities counted
 * anew; and as texts the rows of those that are near. Where one of its texts is not there, depmod_add() reads the
 * modules themselves. Errors are logged.
 */
int module_index_add(struct build *b, const struct near *near);

/* Are depmod's texts there? Without them nothing is near. */
bool module_index_is_there(const struct build *b);

/* One file of the index, "modules.dep.bin", from `size` bytes that are copied. Errors are logged. */
int module_index_add_file(struct build *b, const char *name, const char *bytes, size_t size);
