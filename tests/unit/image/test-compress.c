/* SPDX-License-Identifier: MIT */
/* test-compress: what each format makes is unpacked again, and is the same whatever the pieces were. */
#include <errno.h>

#include "image/compress.h"
#include "image/decompress.h"
#include "unit/unit.h"

#define SIZE (9 << 20) /* more than one block of lz4 */

/* Some of it repeats, some does not. */
static char *material(void)
{
	char *p = malloc(SIZE);
	unsigned int x = 1;

	assert_non_null(p);
	for (size_t i = 0; i < SIZE; i++) {
		x = x * 1103515245 + 12345;
		p[i] = (char)(i / 512 % 3 == 0 ? x >> 16 : i / 4096);
	}
	return p;
}

static void compress(const struct compress_format *f, unsigned int level, const char *data, size_t size, size_t piece,
		     struct buffer *out)
{
	_cleanup_compressor_ struct compressor c = { 0 };

	assert_int_equal(compressor_open(f, level, out, &c), 0);
	for (size_t at = 0; at < size; at += piece) {
		assert_int_equal(compressor_write(&c, data + at, MIN(piece, size - at)), 0);
		assert_int_equal(compressor_write(&c, data, 0), 0);
	}
	assert_int_equal(compressor_finish(&c), 0);
}

static void every_format_is_unpacked(void **state)
{
	_cleanup_free_ char *data = material();

	for (const struct compress_format *f = compress_formats; f->name; f++) {
		_cleanup_buffer_ struct buffer out = { 0 }, again = { 0 };
		struct decompressed d = { 0 };
		size_t start;

		assert_int_equal(buffer_append(&out, "in front", 8), 0);
		start = out.size;
		compress(f, f->first, data, SIZE, 100000, &out);
		compress(f, f->first, data, SIZE, 4096, &again);
		assert_int_equal(out.size - start, again.size);
		assert_memory_equal(out.data + start, again.data, again.size);
		if (!f->option) {
			assert_int_equal(again.size, SIZE);
			assert_memory_equal(again.data, data, SIZE);
			continue;
		}
		assert_true(again.size < SIZE * 2 / 3);
		assert_string_equal(decompress_format(again.data, again.size), f->name);
		assert_int_equal(decompress(again.data, again.size, SIZE, &d), 0);
		assert_int_equal(d.size, SIZE);
		assert_int_equal(d.consumed, again.size);
		assert_memory_equal(d.data, data, SIZE);
		free(d.data);
	}
}

/* What the kernel's decoders ask for, and no time of day. */
static void headers(void **state)
{
	static const struct {
		const char *format;
		size_t at, size;
		const char *bytes;
	} rows[] = {
		{ "gzip", 3, 6, "\0\0\0\0\0\0" }, /* no name, no time; not the slowest, not the fastest */
		{ "xz", 6, 2, "\0\1" },             /* CRC32 */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_buffer_ struct buffer out = { 0 };
		const struct compress_format *f;
		unsigned int level;

		assert_int_equal(compress_parse(rows[i].format, &f, &level), 0);
		compress(f, level, "text", 4, 4, &out);
		assert_memory_equal(out.data + rows[i].at, rows[i].bytes, rows[i].size);
	}
}

static void words(void **state)
{
	static const struct {
		const char *word, *format;
		unsigned int level;
	} rows[] = {
		{ "zstd", "zstd", 2 },   { "zstd:19", "zstd", 19 }, { "zstd:22", "zstd", 22 }, { "zstd:23", NULL, 0 },
		{ "zstd:0", NULL, 0 },   { "xz:0", "xz", 0 },       { "gzip:9", "gzip", 9 },   { "lz4:12", "lz4", 12 },
		{ "none", "none", 0 },   { "none:1", NULL, 0 },     { "zst", NULL, 0 },        { "zstd:", NULL, 0 },
		{ "zstd:1x", NULL, 0 },  { "", NULL, 0 },           { "bzip2", NULL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct compress_format *f;
		unsigned int level;

		assert_int_equal(compress_parse(rows[i].word, &f, &level), rows[i].format ? 0 : -EINVAL);
		if (!rows[i].format)
			continue;
		assert_string_equal(f->name, rows[i].format);
		assert_int_equal(level, rows[i].level);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_is_unpacked),
		cmocka_unit_test(headers),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
