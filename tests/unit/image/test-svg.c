/* SPDX-License-Identifier: MIT */
/* test-svg: foreign text in a picture. */
#include "image/svg.h"
#include "unit/unit.h"

static void escaped(void **state)
{
	static const struct {
		const char *text, *escaped;
	} rows[] = {
		{ "", "" },
		{ "vda", "vda" },
		{ "a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;" },
		{ "voil\xc3\xa0", "voil\xc3\xa0" },
		{ "a\x01\x1b\n\x7f" "b", "a????b" },
		{ "\xef\xbf\xbe|\xef\xbf\xbf|\xef\xbf\xbd", "?|?|\xef\xbf\xbd" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		size_t size;
		FILE *f = open_memstream(&text, &size);

		assert_non_null(f);
		svg_escape(f, rows[i].text);
		assert_int_equal(fclose(f), 0);
		assert_string_equal(text, rows[i].escaped);
	}
}

/* Whole characters, no wider than asked for, and what has room stays whole. */
static void shortened(void **state)
{
	static const char *const texts[] = {
		"", "vda", "passphrase for luks-6a5e0c1e-97d5-4a2b-9c55-0123456789ab",
		"\xc3\xa0\xc3\xa0\xc3\xa0\xc3\xa0\xc3\xa0",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac", "iiiiiiiiiiiiiiii",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (double width = 20; width < 500; width += 3) {
			_cleanup_free_ char *text = svg_shorten(texts[i], 10, width);
			bool whole = svg_width(texts[i], 10) <= width;

			assert_non_null(text);
			assert_true(svg_width(text, 10) <= width);
			assert_int_equal(streq(text, texts[i]), whole);
			assert_true(whole || endswith(text, "\xe2\x80\xa6"));
			/* The first byte that was left out begins a character. */
			assert_true(whole || (texts[i][strlen(text) - 3] & 0xc0) != 0x80);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(escaped), cmocka_unit_test(shortened) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
