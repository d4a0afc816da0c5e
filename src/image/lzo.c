/* SPDX-License-Identifier: MIT */
/*
 * lzo: files of lzop(1), by liblzo2 where it is installed.
 *
 * The library is under the GPL and few images need it, so the program does not stand on it: it is opened when an image
 * asks for it. A file is a header, then blocks: their two sizes, checksums as the header's flags say, the data, which
 * is not packed where both sizes are the same. A size of zero ends it (lib/decompress_unlzo.c; lzop's own format).
 */
#include <dlfcn.h>
#include <errno.h>
#include <zlib.h>

#include "base/optional.h"
#include "image/stream.h"

#define LIBRARY "liblzo2.so.2"

OPTIONAL_LIBRARY("lzo", "Images packed by lzop", "suggested", LIBRARY);

#define MAGIC_SIZE 9
#define LEVEL_SINCE 0x0940    /* files of this version have a level, and more of the time */
#define BLOCK_MAX (64U << 20) /* as lzop's own limit */

enum flag {
	ADLER32_PLAIN = 1 << 0,
	ADLER32_PACKED = 1 << 1,
	EXTRA_FIELD = 1 << 6,
	CRC32_PLAIN = 1 << 8,
	CRC32_PACKED = 1 << 9,
	FILTER = 1 << 11,
	HEADER_CRC32 = 1 << 12,
};



struct lzo {
	struct stream *stream;
	void *library;
	/* lzo1x_decompress_safe() */
	int (*decompress)(const unsigned char *in, unsigned long size, unsigned char *out, unsigned long *out_size,
			  void *work);
	uint32_t flags;
};

static void lzo_close(struct lzo *l)
{
	if (l->library)
		(void)dlclose(l->library);
}

static int lzo_open(struct lzo *l)
{
	static const struct optional_symbol symbol = { "lzo1x_decompress_safe", offsetof(struct lzo, decompress) };

	return optional_open(LIBRARY, &symbol, 1, l, &l->library) < 0 ? -ENOPKG : 0;
}

/* A big-endian number of so many bytes. */
static int take(struct stream *s, size_t bytes, uint32_t *ret)
{
	uint32_t n = 0;

	if (s->in_size - s->in_pos < bytes)
		return -ENODATA;
	for (; bytes > 0; bytes--)
		n = n << 8 | s->in[s->in_pos++];
	if (ret)
		*ret = n;
	return 0;
}

static int skip(struct stream *s, size_t bytes)
{
	if (s->in_size - s->in_pos < bytes)
		return -ENODATA;
	s->in_pos += bytes;
	return 0;
}

static int read_header(struct lzo *l)
{
	struct stream *s = l->stream;
	size_t begin, end;
	uint32_t version, name, checksum, is;
	int r = skip(s, MAGIC_SIZE);

	if (r < 0)
		return r;
	begin = s->in_pos;
	/* version, the library's, the one needed; method and level; flags, filter; mode, time; name */
	if ((r = take(s, 2, &version)) < 0 || (r = skip(s, 2 + (version >= LEVEL_SINCE ? 4 : 1))) < 0 ||
	    (r = take(s, 4, &l->flags)) < 0 || (r = skip(s, l->flags & FILTER ? 4 : 0)) < 0 ||
	    (r = skip(s, version >= LEVEL_SINCE ? 12 : 8)) < 0 || (r = take(s, 1, &name)) < 0 ||
	    (r = skip(s, name)) < 0)
		return r;
	end = s->in_pos;
	if ((r = take(s, 4, &checksum)) < 0)
		return r;
	is = (uint32_t)(l->flags & HEADER_CRC32 ? crc32(0, s->in + begin, (uInt)(end - begin))
					       : adler32(1, s->in + begin, (uInt)(end - begin)));
	/* An extra field and a filter are of the format, and nobody writes them. */
	return is != checksum || l->flags & (EXTRA_FIELD | FILTER) ? -EBADMSG : 0;
}

static bool sums_match(const struct lzo *l, const uint32_t sums[2], const unsigned char *data, uint32_t size)
{
	return (!(l->flags & ADLER32_PLAIN) || sums[0] == adler32(1, data, size)) &&
	       (!(l->flags & CRC32_PLAIN) || sums[1] == crc32(0, data, size));
}

static int read_data(const struct lzo *l, uint32_t plain, uint32_t packed)
{
	struct stream *s = l->stream;
	unsigned char *out = (unsigned char *)s->out + s->out_size;
	unsigned long size = plain;

	if (packed == plain)
		memcpy(out, s->in + s->in_pos, plain);
	else if (l->decompress(s->in + s->in_pos, packed, out, &size, NULL) != 0 || size != plain)
		return -EBADMSG;
	return 0;
}

/* 1: there may be another one. */
static int read_block(const struct lzo *l)
{
	static const enum flag of_plain[] = { ADLER32_PLAIN, CRC32_PLAIN };
	static const enum flag of_packed[] = { ADLER32_PACKED, CRC32_PACKED };
	struct stream *s = l->stream;
	uint32_t plain, packed, sums[2] = { 0 };
	int r = take(s, 4, &plain);

	if (r < 0 || plain == 0)
		return r;
	if ((r = take(s, 4, &packed)) < 0)
		return r;
	if (plain > BLOCK_MAX || packed > plain || packed == 0)
		return -EBADMSG;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(of_plain); i++)
		r = l->flags & of_plain[i] ? take(s, 4, &sums[i]) : 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(of_packed); i++)
		r = l->flags & of_packed[i] && packed < plain ? skip(s, 4) : 0;
	if (r == 0 && s->in_size - s->in_pos < packed)
		r = -ENODATA;
	if (r == 0)
		r = stream_reserve(s, plain);
	if (r == 0)
		r = read_data(l, plain, packed);
	if (r < 0)
		return r;
	if (!sums_match(l, sums, (unsigned char *)s->out + s->out_size, plain))
		return -EBADMSG;
	s->in_pos += packed;
	s->out_size += plain;
	return 1;
}

int stream_lzo(struct stream *s)
{
	_cleanup_(lzo_close) struct lzo l = { .stream = s };
	int r = lzo_open(&l);

	if (r == 0)
		r = read_header(&l);
	for (r = r == 0 ? 1 : r; r == 1;)
		r = read_block(&l);
	return r;
}
