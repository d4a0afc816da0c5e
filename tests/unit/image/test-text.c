/* SPDX-License-Identifier: MIT */
/* test-text: what is UTF-8 without control characters, and how far. */
#include "base/macro.h"
#include "image/text.h"
#include "unit/unit.h"

#define BYTES(s) s, sizeof(s) - 1

static void how_far_it_is_text(void **state)
{
	static const struct {
		const char *text;
		size_t size, span;
	} rows[] = {
		{ BYTES(""), 0 },
		{ BYTES("a\tb\nc~"), 6 },
		{ BYTES("a\0b"), 1 },
		{ BYTES("a\rb"), 1 },
		{ BYTES("\x1b[1m"), 0 },
		{ BYTES("\x7f"), 0 },
		{ BYTES("caf\xc3\xa9"), 5 },
		{ BYTES("caf\xe9 au lait"), 3 },
		{ BYTES("\xe2\x82\xac"), 3 },
		{ BYTES("\xe2\x82"), 0 }, /* cut off */
		{ BYTES("\xe2\x82x"), 0 },
		{ BYTES("\xe2\x28\xa1"), 0 },
		{ BYTES("\xc0\xaf"), 0 }, /* longer than it need be */
		{ BYTES("\xe0\x9f\xbf"), 0 },
		{ BYTES("\xf0\x8f\xbf\xbf"), 0 },
		{ BYTES("\xed\x9f\xbf"), 3 },
		{ BYTES("\xed\xa0\x80"), 0 }, /* half of a pair of UTF-16 */
		{ BYTES("\xee\x80\x80"), 3 },
		{ BYTES("\xf0\x9f\x9a\xa2"), 4 },
		{ BYTES("\xf4\x8f\xbf\xbf"), 4 },
		{ BYTES("\xf4\x90\x80\x80"), 0 }, /* behind the last one */
		{ BYTES("\xf5\x80\x80\x80"), 0 },
		{ BYTES("\x80"), 0 },
		{ BYTES("\xff"), 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(text_span(rows[i].text, rows[i].size), rows[i].span);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(how_far_it_is_text) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
