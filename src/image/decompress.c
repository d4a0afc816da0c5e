/* SPDX-License-Identifier: MIT */
/* decompress: what the kernel can unpack. */
#include <errno.h>

#include "image/decompress.h"
#include "image/stream.h"

static const struct format {
	const char *name;
	const char *magic;
	size_t size;
	int (*unpack)(struct stream *s);
} formats[] = {
	{ "zstd",  "\x28\xb5\x2f\xfd", 4, stream_zstd       },
	{ "gzip",  "\x1f\x8b",         2, stream_gzip       },
	{ "xz",    "\xfd""7zXZ",       6, stream_xz         },
	{ "bzip2", "BZh",              3, stream_bzip2      },
	{ "lzma",  "\x5d\0\0",         3, stream_lzma       },
	{ "lz4",   "\x02\x21\x4c\x18", 4, stream_lz4_legacy },
	{ "lz4",   "\x04\x22\x4d\x18", 4, stream_lz4        },
	{ "lzo",   "\x89LZO",         4, stream_lzo        },
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

static int run(const void *data, size_t size, size_t max, bool all, struct decompressed *ret)
{
	const struct format *f = find_format(data, size);
	struct stream s = { .in = data, .in_size = size, .max = max };
	int r;

	if (!f)
		return -ENOTSUP;
	do
		r = f->unpack(&s);
	while (r == 0 && all && find_format(s.in + s.in_pos, size - s.in_pos) == f);
	if (r == 0 && s.out_size > max)
		r = -EFBIG;
	if (r < 0 && r != -ENODATA) {
		free(s.out);
		s = (struct stream){ .in_pos = s.in_pos };
	}
	*ret = (struct decompressed){ .data = s.out, .size = s.out_size, .consumed = s.in_pos };
	return r;
}

int decompress(const void *data, size_t size, size_t max, struct decompressed *ret)
{
	return run(data, size, max, false, ret);
}

int decompress_all(const void *data, size_t size, size_t max, struct decompressed *ret)
{
	return run(data, size, max, true, ret);
}
