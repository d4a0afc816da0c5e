/* SPDX-License-Identifier: MIT */
/* lz4: its two kinds of frames: the kernel takes the old one, every other program writes the new one. */
#include <errno.h>
#include <lz4.h>
#include <lz4frame.h>

#include "image/stream.h"

#define LZ4_MAGIC_SIZE 4
#define LZ4_BLOCK      (8 << 20) /* of the legacy frame: lib/decompress_unlz4.c */

static uint32_t little32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/*
 * Blocks of at most 8 MiB, each after its packed size. The frame has no end of its own: it ends
 * with the input, with a block that is not full, or where a size cannot be one (the padding
 * before the next archive).
 */
int stream_lz4_legacy(struct stream *s)
{
	s->in_pos += LZ4_MAGIC_SIZE;
	for (;;) {
		size_t left = s->in_size - s->in_pos;
		uint32_t packed = left >= 4 ? little32(s->in + s->in_pos) : 0;
		int n, r;

		if (packed == 0 || packed > (uint32_t)LZ4_compressBound(LZ4_BLOCK))
			return 0;
		if (packed > left - 4)
			return -ENODATA;
		r = stream_reserve(s, LZ4_BLOCK);
		if (r < 0)
			return r;
		n = LZ4_decompress_safe((const char *)s->in + s->in_pos + 4, s->out + s->out_size,
					(int)packed, LZ4_BLOCK);
		if (n < 0)
			return -EBADMSG;
		s->in_pos += 4 + packed;
		s->out_size += (size_t)n;
		if (n < LZ4_BLOCK)
			return 0;
	}
}

static void free_dctx(LZ4F_dctx **d)
{
	(void)LZ4F_freeDecompressionContext(*d);
}

int stream_lz4(struct stream *s)
{
	_cleanup_(free_dctx) LZ4F_dctx *d = NULL;
	size_t left;

	if (LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)))
		return -ENOMEM;
	do {
		size_t in, out;
		int r = stream_reserve(s, 1 << 16);

		if (r < 0)
			return r;
		in = s->in_size - s->in_pos;
		out = s->out_room - s->out_size;
		left = LZ4F_decompress(d, s->out + s->out_size, &out, s->in + s->in_pos, &in, NULL);
		if (LZ4F_isError(left))
			return -EBADMSG;
		s->in_pos += in;
		s->out_size += out;
		if (left > 0 && in == 0 && out == 0)
			return -ENODATA;
	} while (left > 0);
	return 0;
}
