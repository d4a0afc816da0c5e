/* SPDX-License-Identifier: MIT */
/*
 * decompress: what the kernel can unpack, by the libraries that every system has anyway.
 *
 * Each compressed archive is followed by whatever comes next in the file, so it must be known
 * where it ends to the byte; that is why the libraries are used directly.
 */
#pragma once

#include "base/macro.h"

struct decompressed {
	char *data; /* the caller frees it */
	size_t size;
	size_t consumed; /* how much of the input it was */
};

/* "zstd", "gzip" … by its first bytes; NULL: none that is known here. */
const char *decompress_format(const void *data, size_t size);

/*
 * One frame of what decompress_format() named, at most `max` bytes of output: -EFBIG. -EBADMSG: damaged, with how far
 * it was read in ret->consumed; -ENODATA: cut off, with what there is of it in `ret`. -ENOPKG: the library for it is
 * not installed. -ENOTSUP: decompress_format() knows none.
 */
int decompress(const void *data, size_t size, size_t max, struct decompressed *ret);

/* All frames of that format that follow each other, as one. */
int decompress_all(const void *data, size_t size, size_t max, struct decompressed *ret);
