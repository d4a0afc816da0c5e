/* SPDX-License-Identifier: MIT */
/* test-json: strings of any bytes become JSON. */
#include "base/json.h"

#include "base/macro.h"
#include "unit/unit.h"

static void strings(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "", "\"\"" },
		{ "root/wait", "\"root/wait\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "a\tb\nc\x01\x7f", "\"a\\u0009b\\u000ac\\u0001\\u007f\"" },
		/* Characters of two, three and four bytes. */
		{ "\xc3\xbc \xe2\x82\xac \xf0\x9f\x9a\xa2", "\"\xc3\xbc \xe2\x82\xac \xf0\x9f\x9a\xa2\"" },
		/* None: of Latin-1, one that ends too early, an end without a beginning. */
		{ "gr\xfcn", "\"gr\\ufffdn\"" },
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
		{ "\x82x", "\"\\ufffdx\"" },
		/* Longer than it need be, a half of a pair, beyond the last. */
		{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xff", "\"\\ufffd\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		size_t size;
		FILE *f = open_memstream(&text, &size);

		assert_non_null(f);
		json_string(f, rows[i].text);
		assert_int_equal(fclose(f), 0);
		assert_string_equal(text, rows[i].json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
