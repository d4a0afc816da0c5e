/* SPDX-License-Identifier: MIT */
/* test-unitname: what `systemd-escape --path` prints. */
#include <errno.h>

#include "base/macro.h"
#include "base/unitname.h"
#include "unit/unit.h"

static void paths(void **state)
{
	static const struct {
		const char *path, *name;
	} rows[] = {
		{ "/", "-" },
		{ "", "-" },
		{ "///", "-" },
		{ "/usr", "usr" },
		{ "/usr/", "usr" },
		{ "//usr//lib//", "usr-lib" },
		{ "/dev/vda1", "dev-vda1" },
		{ "/dev/disk/by-uuid/0-1", "dev-disk-by\\x2duuid-0\\x2d1" },
		{ "/a b", "a\\x20b" },
		{ "/a\\b", "a\\x5cb" },
		{ "/.hidden", "\\x2ehidden" },
		{ "/a/.b", "a-.b" },
		{ "/a:b_c.d", "a:b_c.d" },
		{ "/v\xc3\xb6", "v\\xc3\\xb6" },
		{ "/a@b", "a\\x40b" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *name = NULL;

		assert_int_equal(unitname_escape_path(rows[i].path, &name), 0);
		assert_string_equal(name, rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
