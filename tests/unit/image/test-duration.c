/* SPDX-License-Identifier: MIT */
/* test-duration: times as people read them. */
#include "image/duration.h"
#include "unit/unit.h"

static void three_digits(void **state)
{
	static const struct {
		uint64_t usec;
		const char *text;
	} rows[] = {
		{ 0, "0 ms" }, { 1, "0.00 ms" }, { 12, "0.01 ms" }, { 990, "0.99 ms" }, { 999, "1.0 ms" },
		{ 1000, "1.0 ms" }, { 4149, "4.1 ms" }, { 99940, "99.9 ms" }, { 99960, "100 ms" }, { 812400, "812 ms" },
		{ 999499, "999 ms" }, { 999500, "1.00 s" }, { 9994000, "9.99 s" }, { 9996000, "10.0 s" },
		{ 25120400, "25.1 s" }, { 99951000, "100 s" }, { 3600000000, "3600 s" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(duration_short(rows[i].usec).text, rows[i].text);
}

static void marks(void **state)
{
	static const struct {
		int64_t usec;
		uint64_t step;
		const char *text;
	} rows[] = {
		{ 0, 1, "0" }, { 20000, 20000, "20 ms" }, { -800000, 200000, "-800 ms" }, { 1250000, 50000, "1.25 s" },
		{ 25140000, 20000, "25.14 s" }, { 500, 500, "0.5 ms" }, { 3, 1, "0.003 ms" },
		{ 60000000, 20000000, "60 s" },
		{ -2000000, 500000, "-2.0 s" }, { 10000, 2000, "10 ms" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(duration_mark(rows[i].usec, rows[i].step).text, rows[i].text);
}

static void columns(void **state)
{
	assert_string_equal(duration_column(-812400).text, "-812.40");
	assert_string_equal(duration_column(4108).text, "4.11");
	assert_string_equal(duration_column(25120004).text, "25120.00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_digits), cmocka_unit_test(marks), cmocka_unit_test(columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
