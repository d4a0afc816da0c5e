/* SPDX-License-Identifier: MIT */
/* test-decompress: one text as each tool packs it; where it ends; what damage gives. */
#include <errno.h>
#include <stdint.h>

#include "image/decompress.h"
#include "unit/unit.h"

#define MAX_UNPACKED 4096
#define BYTES(s)     s, sizeof(s) - 1

/* 40 times "slipway ", then "end\n": zstd -19, gzip -9, xz --check=crc32, lzma, lz4 -l -9. */
static const struct {
	const char *name, *data;
	size_t size;
} packed[] = {
	{ "zstd",
	  BYTES("\050\265\057\375\004\150\235\000\000\140\163\154\151\160\167\141\171\040\145"
		  "\156\144\012\001\000\065\325\313\005\206\041\113\245") },
	{ "gzip",
	  BYTES("\037\213\010\000\000\000\000\000\002\003\053\316\311\054\050\117\254\124\050"
		  "\036\245\311\242\123\363\122\270\000\330\015\315\316\104\001\000\000") },
	{ "xz",
	  BYTES("\375\067\172\130\132\000\000\001\151\042\336\066\002\000\041\001\026\000\000"
		  "\000\164\057\345\243\340\001\103\000\025\135\000\071\233\011\141\363\370\201"
		  "\330\214\241\237\070\162\156\224\317\217\021\244\000\000\000\000\000\000\330"
		  "\015\315\316\000\001\055\304\002\000\000\000\245\104\373\316\076\060\015\213"
		  "\002\000\000\000\000\001\131\132") },
	{ "lzma",
	  BYTES("\135\000\000\200\000\377\377\377\377\377\377\377\377\000\071\233\011\141\363"
		  "\370\201\330\214\241\237\070\162\156\224\317\217\062\306\241\077\377\360\326"
		  "\200\000") },
	{ "lz4",
	  BYTES("\002\041\114\030\023\000\000\000\217\163\154\151\160\167\141\171\040\010\000"
		  "\377\045\120\040\145\156\144\012") },
};

static void assert_text(const struct decompressed *d)
{
	assert_int_equal(d->size, 324);
	for (size_t i = 0; i < 320; i += 8)
		assert_memory_equal(d->data + i, "slipway ", 8);
	assert_memory_equal(d->data + 320, "end\n", 4);
}

static void each_format_unpacks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(packed); i++) {
		struct decompressed d = { 0 };

		assert_string_equal(decompress_format(packed[i].data, packed[i].size),
				    packed[i].name);
		assert_int_equal(decompress(packed[i].data, packed[i].size, MAX_UNPACKED, &d), 0);
		assert_text(&d);
		assert_int_equal(d.consumed, packed[i].size);
		free(d.data);
	}
}

/* Whatever comes next in the file must be left alone, to the byte. */
static void what_follows_is_not_touched(void **state)
{
	static const char followers[][8] = { "", "070701", "\x28\xb5\x2f\xfd" };

	for (size_t i = 0; i < ARRAY_SIZE(packed); i++)
		for (size_t k = 0; k < ARRAY_SIZE(followers); k++) {
			char data[512] = { 0 };
			struct decompressed d = { 0 };

			memcpy(data, packed[i].data, packed[i].size);
			memcpy(data + packed[i].size, followers[k], sizeof(followers[k]));
			assert_int_equal(decompress(data, packed[i].size + 8, MAX_UNPACKED, &d),
					 0);
			assert_text(&d);
			assert_int_equal(d.consumed, packed[i].size);
			free(d.data);
		}
}

static void what_is_cut_off_is_an_error(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(packed); i++)
		for (size_t size = 8; size < packed[i].size; size++) {
			struct decompressed d = { 0 };
			_cleanup_free_ char *exact = malloc(size);
			int r;

			assert_non_null(exact);
			memcpy(exact, packed[i].data, size);
			r = decompress(exact, size, MAX_UNPACKED, &d);
			if (r != -ENODATA)
				fail_msg("%s cut to %zu: %d", packed[i].name, size, r);
			assert_null(d.data);
			assert_true(d.consumed <= size);
		}
}

/* Formats with a checksum find each damaged byte behind their header; none reads outside. */
static void damage_is_an_error(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(packed); i++)
		for (size_t at = 12; at < packed[i].size; at++) {
			struct decompressed d = { 0 };
			char data[512];
			int r;

			memcpy(data, packed[i].data, packed[i].size);
			data[at] ^= 0x24;
			r = decompress(data, packed[i].size, MAX_UNPACKED, &d);
			if (streq(packed[i].name, "zstd") || streq(packed[i].name, "gzip") ||
			    streq(packed[i].name, "xz"))
				assert_true(r < 0);
			free(d.data);
		}
}

static void more_than_allowed_is_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(packed); i++) {
		struct decompressed d = { 0 };

		assert_int_equal(decompress(packed[i].data, packed[i].size, 323, &d), -EFBIG);
		assert_null(d.data);
		assert_int_equal(decompress(packed[i].data, packed[i].size, 324, &d), 0);
		free(d.data);
	}
}

static void what_is_not_known_is_said(void **state)
{
	struct decompressed d = { 0 };

	assert_null(decompress_format("070701", 6));
	assert_null(decompress_format("\x1f", 1));
	assert_int_equal(decompress("BZh91AY", 7, MAX_UNPACKED, &d), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_unpacks),
		cmocka_unit_test(what_follows_is_not_touched),
		cmocka_unit_test(what_is_cut_off_is_an_error),
		cmocka_unit_test(damage_is_an_error),
		cmocka_unit_test(more_than_allowed_is_refused),
		cmocka_unit_test(what_is_not_known_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
