/* SPDX-License-Identifier: MIT */
/* test-number: what is a number and what is none. */
#include <errno.h>

#include "base/macro.h"
#include "base/number.h"
#include "unit/unit.h"

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		int r;
		uint64_t value;
	} rows[] = {
		{ "0", 0, 0, 0 },
		{ "007", 7, 0, 7 },
		{ "4095", 4095, 0, 4095 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "4096", 4095, -ERANGE, 0 },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999", UINT64_MAX, -ERANGE, 0 },
		{ "", 9, -EINVAL, 0 },
		{ " 1", 9, -EINVAL, 0 },
		{ "1 ", 9, -EINVAL, 0 },
		{ "+1", 9, -EINVAL, 0 },
		{ "-1", UINT64_MAX, -EINVAL, 0 },
		{ "1x", 9, -EINVAL, 0 },
		{ "0x1", 9, -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t n = 4711;

		if (number_parse(rows[i].text, rows[i].max, &n) != rows[i].r)
			fail_msg("<%s>", rows[i].text);
		/* Untouched on failure. */
		assert_int_equal(n, rows[i].r ? 4711 : rows[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
