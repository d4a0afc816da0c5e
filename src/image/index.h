/* SPDX-License-Identifier: MIT */
/*
 * index: kmod's binary index (modules.alias.bin and the like), written.
 *
 * A trie of keys, each with values in order of priority, big-endian, children before their parent; as
 * libkmod reads it: magic 0xb007f457, version 2.1, offset of the root. A node is its common prefix, a
 * table of children by their first byte, its values; the top bits of the offset that leads to it say
 * which of these it has. There is no library for writing it: depmod(8) keeps that to itself, and takes
 * the longest part of a build to read what the sysroot's own depmod has written down already.
 */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct index_row {
	const char *key, *value; /* borrowed */
	uint32_t priority;       /* the lower one is tried first */
};

struct index {
	struct index_row *rows;
	size_t n, room;
};

/* 0 or -ENOMEM; -EINVAL for a key that the format has no place for: beyond ASCII, or longer than 4095. */
int index_add(struct index *x, const char *key, const char *value, uint32_t priority);

/* Sorts the rows. The caller frees `*ret`. 0, -ENOMEM, -EFBIG above 256 MiB, where offsets end. */
int index_write(struct index *x, char **ret, size_t *ret_size);
void index_free(struct index *x);

#define _cleanup_index_ _cleanup_(index_free)
