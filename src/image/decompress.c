/* SPDX-License-Identifier: MIT */
/* decompress: what the kernel can unpack. */
#include <errno.h>
#include <lz4.h>
#include <lzma.h>
#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

#include "image/decompress.h"

/* What is read from and written to, whichever the library. */
struct stream {
	const uint8_t *in;
	size_t in_size, in_pos;
	char *out;
	size_t out_size, out_room, max;
};

static int make_room(struct stream *s, size_t wanted)
{
	size_t room = MAX(s->out_room * 2, s->out_size + wanted);
	char *grown;

	if (s->out_room - s->out_size >= wanted)
		return 0;
	if (s->out_size > s->max)
		return -EFBIG;
	grown = realloc(s->out, room);
	if (!grown)
		return -ENOMEM;
	s->out = grown;
	s->out_room = room;
	return 0;
}

static void free_dctx(ZSTD_DCtx **d)
{
	(void)ZSTD_freeDCtx(*d);
}

/* One frame: what comes after it is looked at anew. */
static int run_zstd(struct stream *s)
{
	_cleanup_(free_dctx) ZSTD_DCtx *d = ZSTD_createDCtx();
	ZSTD_inBuffer in = { .src = s->in, .size = s->in_size };
	size_t left;

	if (!d)
		return -ENOMEM;
	do {
		ZSTD_outBuffer out;
		size_t before = in.pos;
		int r = make_room(s, ZSTD_DStreamOutSize());

		if (r < 0)
			return r;
		out = (ZSTD_outBuffer){ .dst = s->out + s->out_size,
					.size = s->out_room - s->out_size };
		left = ZSTD_decompressStream(d, &out, &in);
		s->in_pos = in.pos;
		s->out_size += out.pos;
		if (ZSTD_isError(left))
			return -EBADMSG;
		if (left > 0 && in.pos == before && out.pos == 0)
			return -ENODATA;
	} while (left > 0);
	return 0;
}

static int run_gzip(struct stream *s)
{
	z_stream z = { .next_in = (Bytef *)s->in };
	int status, r = 0;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	do {
		size_t left = s->in_size - s->in_pos, room;

		r = make_room(s, 1 << 16);
		if (r < 0)
			break;
		room = MIN(s->out_room - s->out_size, (size_t)1 << 30);
		left = MIN(left, (size_t)1 << 30);
		z.avail_in = (uInt)left;
		z.next_out = (Bytef *)s->out + s->out_size;
		z.avail_out = (uInt)room;
		status = inflate(&z, Z_NO_FLUSH);
		s->in_pos += left - z.avail_in;
		s->out_size += room - z.avail_out;
		if (status == Z_BUF_ERROR && s->in_pos == s->in_size)
			r = -ENODATA;
		else if (status != Z_OK && status != Z_STREAM_END)
			r = -EBADMSG;
	} while (r == 0 && status != Z_STREAM_END);
	(void)inflateEnd(&z);
	return r;
}

static int run_lzma(struct stream *s, lzma_ret (*open)(lzma_stream *))
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_ret status;
	int r = 0;

	if (open(&z) != LZMA_OK)
		return -ENOMEM;
	z.next_in = s->in;
	z.avail_in = s->in_size;
	do {
		r = make_room(s, 1 << 16);
		if (r < 0)
			break;
		z.next_out = (uint8_t *)s->out + s->out_size;
		z.avail_out = s->out_room - s->out_size;
		status = lzma_code(&z, LZMA_RUN);
		s->in_pos = s->in_size - z.avail_in;
		s->out_size = s->out_room - z.avail_out;
		if (status == LZMA_BUF_ERROR)
			r = -ENODATA;
		else if (status == LZMA_MEMLIMIT_ERROR)
			r = -EFBIG;
		else if (status != LZMA_OK && status != LZMA_STREAM_END)
			r = status == LZMA_MEM_ERROR ? -ENOMEM : -EBADMSG;
	} while (r == 0 && status != LZMA_STREAM_END);
	lzma_end(&z);
	return r;
}

/* xz -9 takes 65 MiB; a header can claim 4 GiB for a dictionary. */
#define LZMA_MEMORY_MAX (256 << 20)

static lzma_ret open_xz(lzma_stream *z)
{
	return lzma_stream_decoder(z, LZMA_MEMORY_MAX, 0);
}

static lzma_ret open_alone(lzma_stream *z)
{
	return lzma_alone_decoder(z, LZMA_MEMORY_MAX);
}

static int run_xz(struct stream *s)
{
	return run_lzma(s, open_xz);
}

static int run_alone(struct stream *s)
{
	return run_lzma(s, open_alone);
}

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
static int run_lz4(struct stream *s)
{
	s->in_pos = LZ4_MAGIC_SIZE;
	for (;;) {
		size_t left = s->in_size - s->in_pos;
		uint32_t packed = left >= 4 ? little32(s->in + s->in_pos) : 0;
		int n, r;

		if (packed == 0 || packed > (uint32_t)LZ4_compressBound(LZ4_BLOCK))
			return 0;
		if (packed > left - 4)
			return -ENODATA;
		r = make_room(s, LZ4_BLOCK);
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

static const struct format {
	const char *name;
	const char *magic;
	size_t size;
	int (*run)(struct stream *s);
} formats[] = {
	{ "zstd", "\x28\xb5\x2f\xfd", 4, run_zstd  },
	{ "gzip", "\x1f\x8b",         2, run_gzip  },
	{ "xz",   "\xfd""7zXZ",       6, run_xz    },
	{ "lzma", "\x5d\0\0",         3, run_alone },
	{ "lz4",  "\x02\x21\x4c\x18", 4, run_lz4   },
};

static const struct format *find_format(const void *data, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (size >= formats[i].size &&
		    memcmp(data, formats[i].magic, formats[i].size) == 0)
			return &formats[i];
	return NULL;
}

const char *decompress_format(const void *data, size_t size)
{
	const struct format *f = find_format(data, size);

	return f ? f->name : NULL;
}

int decompress(const void *data, size_t size, size_t max, struct decompressed *ret)
{
	const struct format *f = find_format(data, size);
	struct stream s = { .in = data, .in_size = size, .max = max };
	int r;

	if (!f)
		return -ENOTSUP;
	r = f->run(&s);
	if (r == 0 && s.out_size > max)
		r = -EFBIG;
	if (r < 0) {
		free(s.out);
		s = (struct stream){ .in_pos = s.in_pos };
	}
	*ret = (struct decompressed){ .data = s.out, .size = s.out_size, .consumed = s.in_pos };
	return r;
}
