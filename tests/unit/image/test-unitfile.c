/* SPDX-License-Identifier: MIT */
/* test-unitfile: which programs a unit executes. */
#include "base/macro.h"
#include "base/strv.h"
#include "image/unitfile.h"
#include "unit/unit.h"

static void programs(void **state)
{
	static const struct {
		const char *text, *joined;
	} rows[] = {
		{ "", NULL },
		{ "[Service]\nExecStart=/bin/mount -a\n", "/bin/mount" },
		{ "ExecStart=/bin/mount", "/bin/mount" },
		{ "ExecStartPre=-/bin/plymouth --wait quit\nExecStart=-/lib/systemd/x emergency\n",
		  "/bin/plymouth /lib/systemd/x" },
		{ "ExecStart=+!!@-:|/bin/a a\n", "/bin/a" },
		{ "ExecStart=systemctl --no-block start x\nExecStop = systemctl y\n", "systemctl" },
		{ "  ExecReload=\t/bin/kill -HUP $MAINPID\n", "/bin/kill" },
		/* A reset, a comment, a key that only looks like one, a value in which one stands. */
		{ "ExecStart=\n#ExecStart=/bin/a\nExec=\nExecutor=\nDescription=ExecStart=/bin/a\n", NULL },
		{ "ExecSearchPath", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strv_ char **found = NULL;
		_cleanup_free_ char *joined = NULL;

		assert_int_equal(unitfile_programs(rows[i].text, &found), 0);
		joined = found ? strv_join(found, " ") : NULL;
		if (!streq_null(joined, rows[i].joined))
			fail_msg("row %zu: %s", i, joined ?: "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
