/* SPDX-License-Identifier: MIT */
/* test-deposit: which names are taken, and as what. */
#include <errno.h>

#include "image/deposit.h"
#include "unit/unit.h"

static void names(void **state)
{
	static const struct {
		const char *name, *clean; /* NULL: refused */
	} cases[] = {
		{ "etc/x", "etc/x" }, { "/etc/x", "etc/x" },	 { "./etc//x/", "etc/x" }, { "etc/./x", "etc/x" },
		{ ".", "" },	      { "/", "" },		 { "", "" },		   { "./", "" },
		{ "...", "..." },     { "..x/x..", "..x/x.." }, { ".hidden", ".hidden" }, { "a/.../b", "a/.../b" },
		{ "..", NULL },	      { "../x", NULL },		 { "x/..", NULL },	   { "x/../y", NULL },
		{ "/..", NULL },      { "x/..//y", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *clean = NULL;
		int r = deposit_name(cases[i].name, &clean);

		assert_int_equal(r, cases[i].clean ? 0 : -EINVAL);
		if (cases[i].clean)
			assert_string_equal(clean, cases[i].clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(names) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
