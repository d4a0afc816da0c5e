/* SPDX-License-Identifier: MIT */
/* compress: bytes in, a zstd stream in memory out. */
#pragma once

#include "base/macro.h"

/*
 * The compressed image is held in memory until it is whole: only then is its size known, so that
 * room for it can be taken before anything is written, and a build that fails or is killed leaves
 * nothing behind.
 */
struct compressor {
	void *stream; /* ZSTD_CCtx */
	char *data;
	size_t size, room;
};

int compressor_open(struct compressor *ret);

/* A newc_sink; `c` is a struct compressor. */
int compressor_write(void *c, const void *data, size_t size);

/* After the last write: `data` and `size` are the whole stream. */
int compressor_finish(struct compressor *c);
void compressor_close(struct compressor *c);

#define _cleanup_compressor_ _cleanup_(compressor_close)
