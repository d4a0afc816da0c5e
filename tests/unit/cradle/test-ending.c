/* SPDX-License-Identifier: MIT */
/* test-ending: what a wait status of the held init means. */
#include <signal.h>
#include <sys/reboot.h>
#include <sys/wait.h>

#include "base/macro.h"
#include "cradle/ending.h"
#include "unit/unit.h"

static void by_status(void **state)
{
	static const struct {
		int status;
		const char *verb;
	} rows[] = {
		{ W_EXITCODE(0, SIGINT), "poweroff" },
		{ W_EXITCODE(0, SIGHUP), "reboot" },
		{ W_EXITCODE(0, SIGHUP) | WCOREFLAG, "reboot" },
		{ W_EXITCODE(0, SIGKILL), NULL },
		{ W_EXITCODE(0, SIGSEGV), NULL },
		{ W_EXITCODE(0, 0), NULL },
		{ W_EXITCODE(SIGHUP, 0), NULL },
		{ W_EXITCODE(127, 0), NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct ending *e = ending_of(rows[i].status);

		assert_int_equal(e != NULL, rows[i].verb != NULL);
		if (e)
			assert_string_equal(e->verb, rows[i].verb);
	}
	assert_int_equal(ending_of(SIGHUP)->command, RB_AUTOBOOT);
	assert_int_equal(ending_of(SIGINT)->command, RB_POWER_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
