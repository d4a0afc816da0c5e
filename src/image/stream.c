/* SPDX-License-Identifier: MIT */
/* stream: bytes of one compressed format on their way into memory; what each unpacker is given. */
#include <bzlib.h>
#include <errno.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "image/stream.h"

int stream_reserve(struct stream *s, size_t wanted)
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
int stream_zstd(struct stream *s)
{
	_cleanup_(free_dctx) ZSTD_DCtx *d = ZSTD_createDCtx();
	ZSTD_inBuffer in = { .src = s->in, .size = s->in_size, .pos = s->in_pos };
	size_t left;

	if (!d)
		return -ENOMEM;
	do {
		ZSTD_outBuffer out;
		size_t before = in.pos;
		int r = stream_reserve(s, ZSTD_DStreamOutSize());

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

int stream_gzip(struct stream *s)
{
	z_stream z = { .next_in = (Bytef *)s->in + s->in_pos };
	int status, r = 0;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	do {
		size_t left = s->in_size - s->in_pos, room;

		r = stream_reserve(s, 1 << 16);
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
	z.next_in = s->in + s->in_pos;
	z.avail_in = s->in_size - s->in_pos;
	do {
		r = stream_reserve(s, 1 << 16);
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

int stream_xz(struct stream *s)
{
	return run_lzma(s, open_xz);
}

int stream_lzma(struct stream *s)
{
	return run_lzma(s, open_alone);
}

/* Its own sizes are unsigned int. */
#define BZIP2_STEP ((size_t)1 << 30)

int stream_bzip2(struct stream *s)
{
	bz_stream z = { .next_in = (char *)s->in + s->in_pos };
	int status, r = 0;

	if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK)
		return -ENOMEM;
	do {
		size_t left = MIN(s->in_size - s->in_pos, BZIP2_STEP), room, before = s->out_size;

		r = stream_reserve(s, 1 << 16);
		if (r < 0)
			break;
		room = MIN(s->out_room - s->out_size, BZIP2_STEP);
		z.avail_in = (unsigned int)left;
		z.next_out = s->out + s->out_size;
		z.avail_out = (unsigned int)room;
		status = BZ2_bzDecompress(&z);
		s->in_pos += left - z.avail_in;
		s->out_size += room - z.avail_out;
		/* At the end of the input it says that all is well, and does nothing. */
		if (status == BZ_OK && left == z.avail_in && s->out_size == before)
			r = -ENODATA;
		else if (status != BZ_OK && status != BZ_STREAM_END)
			r = status == BZ_MEM_ERROR ? -ENOMEM : -EBADMSG;
	} while (r == 0 && status != BZ_STREAM_END);
	(void)BZ2_bzDecompressEnd(&z);
	return r;
}
