/* SPDX-License-Identifier: MIT */
/* test-decompress: one text as each tool packs it; where it ends; what damage gives. */
#include <errno.h>
#include <stdint.h>

#include "image/decompress.h"
#include "unit/unit.h"

#define MAX_UNPACKED 4096
#define BYTES(s)     s, sizeof(s) - 1

/* 40 times "slipway ", then "end\n": zstd -19, gzip -9, xz --check=crc32, lzma, lz4 -l -9,
 * bzip2 -9, lz4 -9, lzop -9. */
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
	{ "bzip2",
	  BYTES("\102\132\150\071\061\101\131\046\123\131\331\073\210\147\000\000\171\321\200\000\020\100"
		  "\000\046\045\110\240\040\000\120\201\240\150\005\112\206\206\324\375\123\252\042\210\316"
		  "\360\105\021\237\010\324\220\312\042\210\374\135\311\024\341\102\103\144\356\041\234") },
	{ "lz4",
	  BYTES("\004\042\115\030\144\100\247\023\000\000\000\217\163\154\151\160\167\141\171\040\010\000"
		  "\377\045\120\040\145\156\144\012\000\000\000\000\037\325\147\014") },
	{ "lzo",
	  BYTES("\211\114\132\117\000\015\012\032\012\020\100\040\240\011\100\003\011\003\000\000\015\000"
		  "\000\000\000\153\002\107\307\000\000\000\000\000\052\070\002\361\000\000\001\104\000\000"
		  "\000\026\155\053\177\252\031\163\154\151\160\167\141\171\040\040\000\030\034\000\001\145"
		  "\156\144\012\021\000\000\000\000\000\000") },
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
			assert_true(d.consumed <= size);
			free(d.data);
		}
}

/* Formats with a checksum find each damaged byte that is not the same text; none reads outside. */
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
			/* Of bzip2's tables not every bit is used. */
			if (r == 0 && !streq(packed[i].name, "lzma") &&
			    memcmp(packed[i].data, "\x02\x21\x4c\x18", 4) != 0)
				assert_text(&d);
			free(d.data);
		}
}

/* lzop's header has a sum of its own: 25 bytes from the ninth on. */
static void lzo_header_is_checked(void **state)
{
	for (size_t at = 9; at < 9 + 25; at++) {
		struct decompressed d = { 0 };
		char data[512];

		assert_string_equal(packed[ARRAY_SIZE(packed) - 1].name, "lzo");
		memcpy(data, packed[ARRAY_SIZE(packed) - 1].data, packed[ARRAY_SIZE(packed) - 1].size);
		data[at] ^= 1;
		assert_true(decompress(data, packed[ARRAY_SIZE(packed) - 1].size, MAX_UNPACKED, &d) < 0);
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

/* pzstd and others divide what they pack; as their own tools do, all of it is one. */
static void frames_that_follow_each_other(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(packed); i++) {
		struct decompressed d = { 0 };
		char data[512] = { 0 };

		memcpy(data, packed[i].data, packed[i].size);
		memcpy(data + packed[i].size, packed[i].data, packed[i].size);
		assert_int_equal(decompress_all(data, 2 * packed[i].size + 8, MAX_UNPACKED, &d), 0);
		assert_int_equal(d.consumed, 2 * packed[i].size);
		assert_int_equal(d.size, 2 * 324);
		assert_memory_equal(d.data, d.data + 324, 324);
		free(d.data);
	}
}

/* What there is of a file that is cut off can be looked at. */
static void what_is_before_the_cut_is_there(void **state)
{
	struct decompressed d = { 0 };

	/* gzip: its checksum is gone, all of the text is there. */
	assert_int_equal(decompress(packed[1].data, packed[1].size - 8, MAX_UNPACKED, &d), -ENODATA);
	assert_text(&d);
	free(d.data);
}

static void what_is_not_known_is_said(void **state)
{
	struct decompressed d = { 0 };

	assert_null(decompress_format("070701", 6));
	assert_null(decompress_format("\x1f", 1));
	assert_int_equal(decompress("PK\3\4abc", 7, MAX_UNPACKED, &d), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_unpacks),
		cmocka_unit_test(what_follows_is_not_touched),
		cmocka_unit_test(what_is_cut_off_is_an_error),
		cmocka_unit_test(damage_is_an_error),
		cmocka_unit_test(lzo_header_is_checked),
		cmocka_unit_test(more_than_allowed_is_refused),
		cmocka_unit_test(frames_that_follow_each_other),
		cmocka_unit_test(what_is_before_the_cut_is_there),
		cmocka_unit_test(what_is_not_known_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
