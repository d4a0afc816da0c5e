/* SPDX-License-Identifier: MIT */
/*
 * compress: bytes in, one compressed stream in memory out, by the formats that the kernel unpacks.
 *
 * The image is held in memory until it is whole: only then is its size known, so that room for it can be taken before
 * anything is written, and a build that fails or is killed leaves nothing behind.
 */
#pragma once

#include "base/buffer.h"

struct compress_format {
	const char *name;                /* "zstd" */
	const char *option;              /* what the kernel is built with to unpack it; NULL: every kernel does */
	unsigned int first, last, usual; /* levels; all 0: it has none */
	int (*open)(unsigned int level, void **ret);
	/* Takes all of `data` in; with `end` what is left comes out too. */
	int (*run)(void *stream, const void *data, size_t size, bool end, struct buffer *out);
	void (*close)(void *stream);
};

/* The best first; ends with a row whose `name` is NULL. */
extern const struct compress_format compress_formats[];

/* The row of that name, or NULL. */
const struct compress_format *compress_find(const char *name);

/* "zstd" or "zstd:19". -EINVAL: no such format, or no such level of it. */
int compress_parse(const char *word, const struct compress_format **ret, unsigned int *ret_level);

struct compressor {
	const struct compress_format *format;
	void *stream;
	struct buffer *out;
};

/* What comes out is appended to `out`. -ENOMEM, -EIO where the library fails. */
int compressor_open(const struct compress_format *format, unsigned int level, struct buffer *out,
		    struct compressor *ret);

/* A newc_sink; `c` is a struct compressor. */
int compressor_write(void *c, const void *data, size_t size);

/* After the last write: the stream is whole. */
int compressor_finish(struct compressor *c);
void compressor_close(struct compressor *c);

#define _cleanup_compressor_ _cleanup_(compressor_close)
