/* SPDX-License-Identifier: MIT */
/* compress: bytes in, one compressed stream in memory out. */
#include <errno.h>
#include <lz4.h>
#include <lz4hc.h>
#include <lzma.h>
#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

#include "base/number.h"
#include "image/compress.h"

static int zstd_open(unsigned int level, void **ret)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();

	if (!c)
		return -ENOMEM;
	if (ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, (int)level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1))) {
		(void)ZSTD_freeCCtx(c);
		return -EIO;
	}
	*ret = c;
	return 0;
}

static int zstd_run(void *stream, const void *data, size_t size, bool end, struct buffer *b)
{
	ZSTD_inBuffer in = { .src = data, .size = size };
	size_t left;

	do {
		ZSTD_outBuffer out;
		int r = buffer_reserve(b, ZSTD_CStreamOutSize());

		if (r < 0)
			return r;
		out = (ZSTD_outBuffer){ .dst = b->data + b->size, .size = b->room - b->size };
		left = ZSTD_compressStream2(stream, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return -EIO;
		b->size += out.pos;
	} while (end ? left > 0 : in.pos < in.size);
	return 0;
}

static void zstd_close(void *stream)
{
	(void)ZSTD_freeCCtx(stream);
}

/* The kernel's decoder knows of checks only CRC32 (Documentation/staging/xz.rst). */
static int xz_open(unsigned int level, void **ret)
{
	_cleanup_free_ lzma_stream *z = calloc(1, sizeof(*z));

	if (!z || lzma_easy_encoder(z, level, LZMA_CHECK_CRC32) != LZMA_OK)
		return -ENOMEM;
	*ret = TAKE_PTR(z);
	return 0;
}

static int xz_run(void *stream, const void *data, size_t size, bool end, struct buffer *b)
{
	lzma_stream *z = stream;
	lzma_ret status;

	z->next_in = data;
	z->avail_in = size;
	do {
		int r = buffer_reserve(b, 1 << 16);
		size_t room;

		if (r < 0)
			return r;
		room = b->room - b->size;
		z->next_out = (uint8_t *)b->data + b->size;
		z->avail_out = room;
		status = lzma_code(z, end ? LZMA_FINISH : LZMA_RUN);
		b->size += room - z->avail_out;
		if (status != LZMA_OK && status != LZMA_STREAM_END)
			return status == LZMA_MEM_ERROR ? -ENOMEM : -EIO;
	} while (end ? status != LZMA_STREAM_END : z->avail_in > 0);
	return 0;
}

static void xz_close(void *stream)
{
	lzma_end(stream);
	free(stream);
}

/* zlib's own header has no name and no time in it. */
static int gzip_open(unsigned int level, void **ret)
{
	_cleanup_free_ z_stream *z = calloc(1, sizeof(*z));

	if (!z || deflateInit2(z, (int)level, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	*ret = TAKE_PTR(z);
	return 0;
}

static int gzip_run(void *stream, const void *data, size_t size, bool end, struct buffer *b)
{
	z_stream *z = stream;
	int status;

	z->next_in = (Bytef *)data;
	do {
		uInt step = (uInt)MIN(size, (size_t)1 << 30), room = 1 << 16;
		int r = buffer_reserve(b, room);

		if (r < 0)
			return r;
		z->avail_in = step;
		z->next_out = (Bytef *)b->data + b->size;
		z->avail_out = room;
		status = deflate(z, end ? Z_FINISH : Z_NO_FLUSH);
		b->size += room - z->avail_out;
		size -= step - z->avail_in;
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
			return -EIO;
	} while (end ? status != Z_STREAM_END : size > 0);
	return 0;
}

static void gzip_close(void *stream)
{
	(void)deflateEnd(stream);
	free(stream);
}

/*
 * The legacy frame, the only one that lib/decompress_unlz4.c reads: blocks of 8 MiB, each compressed by itself behind
 * its packed size.
 */
#define LZ4_BLOCK (8 << 20)
#define LZ4_MAGIC "\x02\x21\x4c\x18"
#define LZ4_FAST  2 /* up to this level LZ4_compress_default() does it: the others are those of lz4hc.h */

struct lz4 {
	unsigned int level;
	bool begun;
	struct buffer block; /* what is not yet a whole one */
};

static int lz4_open(unsigned int level, void **ret)
{
	struct lz4 *z = calloc(1, sizeof(*z));

	if (!z)
		return -ENOMEM;
	z->level = level;
	*ret = z;
	return 0;
}

static int lz4_put_block(struct lz4 *z, struct buffer *b)
{
	const int size = (int)z->block.size, room = LZ4_compressBound(size);
	int r = z->begun ? 0 : buffer_append(b, LZ4_MAGIC, 4), n;

	z->begun = true;
	if (r == 0)
		r = buffer_reserve(b, 4 + (size_t)room);
	if (r < 0)
		return r;
	if (z->level <= LZ4_FAST)
		n = LZ4_compress_default(z->block.data, b->data + b->size + 4, size, room);
	else
		n = LZ4_compress_HC(z->block.data, b->data + b->size + 4, size, room, (int)z->level);
	if (n <= 0)
		return -EIO;
	for (size_t i = 0; i < 4; i++)
		b->data[b->size + i] = (char)((unsigned int)n >> 8 * i & 0xff);
	b->size += 4 + (size_t)n;
	z->block.size = 0;
	return 0;
}

static int lz4_run(void *stream, const void *data, size_t size, bool end, struct buffer *b)
{
	struct lz4 *z = stream;
	int r = 0;

	while (r == 0 && size > 0) {
		size_t step = MIN(size, LZ4_BLOCK - z->block.size);

		r = buffer_append(&z->block, data, step);
		data = (const char *)data + step;
		size -= step;
		if (r == 0 && z->block.size == LZ4_BLOCK)
			r = lz4_put_block(z, b);
	}
	return r == 0 && end && z->block.size > 0 ? lz4_put_block(z, b) : r;
}

static void lz4_close(void *stream)
{
	struct lz4 *z = stream;

	buffer_free(&z->block);
	free(z);
}

static int none_open(unsigned int level, void **ret)
{
	*ret = NULL;
	return 0;
}

static int none_run(void *stream, const void *data, size_t size, bool end, struct buffer *b)
{
	return buffer_append(b, data, size);
}

static void none_close(void *stream)
{
}

/*
 * zstd's usual level: from 1 to 2 a tenth of a second buys half a MB, and then ever less. docs/design.md has the
 * figures, of the other formats too.
 */
const struct compress_format compress_formats[] = {
	{ "zstd", "CONFIG_RD_ZSTD", 1, 22, 2, zstd_open, zstd_run, zstd_close },
	{ "gzip", "CONFIG_RD_GZIP", 1, 9, 6, gzip_open, gzip_run, gzip_close },
	{ "lz4", "CONFIG_RD_LZ4", 1, 12, 1, lz4_open, lz4_run, lz4_close },
	{ "xz", "CONFIG_RD_XZ", 0, 9, 6, xz_open, xz_run, xz_close },
	{ "none", NULL, 0, 0, 0, none_open, none_run, none_close },
	{ 0 },
};

const struct compress_format *compress_find(const char *name)
{
	const struct compress_format *f = compress_formats;

	while (f->name && !streq(f->name, name))
		f++;
	return f->name ? f : NULL;
}

int compress_parse(const char *word, const struct compress_format **ret, unsigned int *ret_level)
{
	const char *colon = strchr(word, ':');
	size_t n = colon ? (size_t)(colon - word) : strlen(word);

	for (const struct compress_format *f = compress_formats; f->name; f++) {
		uint64_t level = f->usual;

		if (strlen(f->name) != n || memcmp(f->name, word, n) != 0)
			continue;
		if (colon && (f->last == 0 || number_parse(colon + 1, f->last, &level) < 0 || level < f->first))
			return -EINVAL;
		*ret = f;
		*ret_level = (unsigned int)level;
		return 0;
	}
	return -EINVAL;
}

int compressor_open(const struct compress_format *format, unsigned int level, struct buffer *out,
		    struct compressor *ret)
{
	struct compressor c = { .format = format, .out = out };
	int r = format->open(level, &c.stream);

	if (r == 0)
		*ret = c;
	return r;
}

int compressor_write(void *c, const void *data, size_t size)
{
	struct compressor *z = c;

	/* To liblzma, nothing that goes in is an error. */
	if (size == 0)
		return 0;
	return z->format->run(z->stream, data, size, false, z->out);
}

int compressor_finish(struct compressor *c)
{
	return c->format->run(c->stream, NULL, 0, true, c->out);
}

void compressor_close(struct compressor *c)
{
	if (c->format)
		c->format->close(c->stream);
	*c = (struct compressor){ 0 };
}
