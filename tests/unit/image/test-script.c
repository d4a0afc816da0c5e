/* SPDX-License-Identifier: MIT */
/* test-script: the first line of scripts. */
#include "image/script.h"
#include "unit/unit.h"

static void interpreters(void **state)
{
	static const struct {
		const char *text, *interpreter, *name;
	} rows[] = {
		{ "#!/bin/sh\n:\n", "/bin/sh", NULL },
		{ "#! /bin/sh -e\n", "/bin/sh", NULL },
		{ "#!\t/usr/bin/perl", "/usr/bin/perl", NULL },
		{ "#!/usr/bin/env python3\n", "/usr/bin/env", "python3" },
		{ "#!/usr/bin/env -S LANG=C python3 -B\n", "/usr/bin/env", "python3" },
		{ "#!/usr/bin/env\n", "/usr/bin/env", NULL },
		{ "#!/opt/myenv x\n", "/opt/myenv", NULL },
		{ "#!\n/bin/sh\n", NULL, NULL },
		{ "#!", NULL, NULL },
		{ "#", NULL, NULL },
		{ "", NULL, NULL },
		{ "echo #!/bin/sh\n", NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *interpreter = NULL, *name = NULL, *exact = NULL;
		size_t size = strlen(rows[i].text);

		exact = malloc(size + 1);
		assert_non_null(exact);
		memcpy(exact + 1, rows[i].text, size);
		assert_int_equal(script_interpreter(exact + 1, size, &interpreter, &name), 0);
		assert_true(streq_null(interpreter, rows[i].interpreter));
		assert_true(streq_null(name, rows[i].name));
	}
}

/* As the kernel does, nothing is read after 256 bytes. */
static void a_long_line_is_cut(void **state)
{
	_cleanup_free_ char *interpreter = NULL, *name = NULL;
	char text[600] = "#!";

	memset(text + 2, 'x', sizeof(text) - 2);
	assert_int_equal(script_interpreter(text, sizeof(text), &interpreter, &name), 0);
	assert_int_equal(strlen(interpreter), 254);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interpreters),
		cmocka_unit_test(a_long_line_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
