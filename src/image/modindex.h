/* SPDX-License-Identifier: MIT */
/*
 * modindex: kmod's binary indexes (index.h), modules.*.bin, read from memory.
 *
 * libkmod reads only those that lie in a directory, and an image is bytes; they are foreign, so nothing in them is
 * believed.
 */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct modindex {
	const uint8_t *data; /* borrowed */
	size_t size;
	uint32_t root;
};

/* -EBADMSG: no such index, or of another version. */
int modindex_open(const void *data, size_t size, struct modindex *ret);

/* Called for a value of a key until it does not return 0. Both strings are gone afterwards. */
typedef int (*modindex_fn)(const char *key, const char *value, void *data);

/* All keys. 0, what `fn` returned, -ENOMEM, or -EBADMSG for an index that leads nowhere. */
int modindex_each(const struct modindex *i, modindex_fn fn, void *data);

/* The values of exactly that key. */
int modindex_find(const struct modindex *i, const char *key, modindex_fn fn, void *data);

/* The values of each key that is a glob(7) pattern for `name`: modaliases. */
int modindex_match(const struct modindex *i, const char *name, modindex_fn fn, void *data);
