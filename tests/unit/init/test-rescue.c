/* SPDX-License-Identifier: MIT */
/* test-rescue: who may have a shell. */
#include "base/macro.h"
#include "init/rescue.h"
#include "unit/unit.h"

/* The whole truth: rd.shell=, rd.break=, a refused passphrase. */
static void truth_table(void **state)
{
	static const struct {
		enum tristate shell;
		bool breaks, refused, allowed;
	} rows[] = {
		{ UNSET, false, false, false },
		{ UNSET, false, true,  false },
		{ UNSET, true,  false, true  },
		{ UNSET, true,  true,  false },
		{ NO,    false, false, false },
		{ NO,    false, true,  false },
		{ NO,    true,  false, false },
		{ NO,    true,  true,  false },
		{ YES,   false, false, true  },
		{ YES,   false, true,  false },
		{ YES,   true,  false, true  },
		{ YES,   true,  true,  false },
	};
	char *words[] = { (char *)"root", NULL };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct boot boot = { .shell = rows[i].shell, .breaks = rows[i].breaks ? words : NULL };

		if (rescue_allowed(&boot, rows[i].refused) != rows[i].allowed)
			fail_msg("row %zu", i);
	}
}

/* From the words to the answer. */
static void words(void **state)
{
	static const struct {
		const char *words;
		bool allowed;
	} rows[] = {
		{ "root=/dev/vda quiet", false },
		{ "rd.shell", true },
		{ "rd.shell=1", true },
		{ "rd.shell=0", false },
		{ "rd.shell=maybe", false },
		{ "rd.shell=", false },
		{ "rd.break", true },
		{ "rd.break=root", true },
		{ "rd.break=,", false },
		{ "rd.break rd.shell=0", false },
		{ "rd.shell=1 rd.shell=0", false },
		{ "rd.debug rd.emergency=halt", false },
		{ "single -- rd.shell rd.break", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(boot_free) struct boot boot = { 0 };

		assert_int_equal(boot_parse(NULL, rows[i].words, &boot), 0);
		if (rescue_allowed(&boot, false) != rows[i].allowed)
			fail_msg("%s", rows[i].words);
		assert_false(rescue_allowed(&boot, true));
	}
}

/* A failure before the command line is read: nobody has asked for anything yet. */
static void before_the_command_line_is_read(void **state)
{
	const struct boot boot = { 0 };

	assert_false(rescue_allowed(&boot, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truth_table),
		cmocka_unit_test(words),
		cmocka_unit_test(before_the_command_line_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
