/* SPDX-License-Identifier: MIT */
/* test-assignment: lines KEY=VALUE. */
#include <errno.h>

#include "base/assignment.h"
#include "base/macro.h"
#include "unit/unit.h"

static void values(void **state)
{
	static const struct {
		const char *text, *value; /* of KEY; NULL: none */
	} rows[] = {
		{ "KEY=de\n", "de" },
		{ "KEY=de", "de" },
		{ "A=1\nKEY=\"two words\"\nB=2\n", "two words" },
		{ "KEY='de'\n", "de" },
		{ "KEY=\n", "" },
		{ "KEY=\"\"\n", "" },
		{ "#KEY=de\n", NULL },
		{ "KEYMAP=de\nXKEY=de\n", NULL },
		{ "KEYMAP=fr\nKEY=de\n", "de" },
		{ "KEY", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *value = NULL;

		assert_int_equal(assignment_value(rows[i].text, "KEY", &value), rows[i].value ? 0 : -ENOENT);
		if (rows[i].value)
			assert_string_equal(value, rows[i].value);
		else
			assert_null(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(values) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
