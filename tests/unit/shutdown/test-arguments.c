/* SPDX-License-Identifier: MIT */
/* test-arguments: what the systemds pass, and what nobody should. */
#include <linux/reboot.h>

#include "base/clock.h"
#include "base/log.h"
#include "shutdown/arguments.h"
#include "unit/unit.h"

static struct arguments parse(const char *line)
{
	char text[1024], *rest = text, *argv[32], *word;
	int argc = 0;

	(void)snprintf(text, sizeof(text), "%s", line);
	while ((word = strsep(&rest, " ")))
		argv[argc++] = word;
	argv[argc] = NULL;
	return arguments_parse(argc, argv);
}

static const struct {
	const char *line, *verb;
	bool given;
	uint64_t timeout;
	int level;
} rows[] = {
	/* measured: 247, 252, 257 */
	{ "/shutdown poweroff --timeout 90000000us --log-level 6 --log-target kmsg --log-color", "poweroff", true,
	  90 * USEC_PER_SEC, LOG_INFO },
	{ "/shutdown poweroff --timeout=90000000us --log-level=4 --log-target=kmsg", "poweroff", true,
	  90 * USEC_PER_SEC, LOG_WARNING },
	{ "/shutdown kexec --timeout=45s --log-level debug --log-target=kmsg --log-color --exit-code=0", "kexec",
	  true, 45 * USEC_PER_SEC, LOG_DEBUG },
	{ "/shutdown halt --timeout=infinity", "halt", true, USEC_FOREVER, LOG_INFO },
	{ "/shutdown exit --exit-code 3 --timeout=1min", "exit", true, 60 * USEC_PER_SEC, LOG_INFO },
	/* nothing, nonsense, and an argv without even a name */
	{ "/shutdown", "reboot", false, 90 * USEC_PER_SEC, LOG_INFO },
	{ "/shutdown -f --force now --timeout=soon --log-level=loud", "reboot", false, 90 * USEC_PER_SEC,
	  LOG_INFO },
	{ "/shutdown --timeout", "reboot", false, 90 * USEC_PER_SEC, LOG_INFO },
	{ "", "reboot", false, 90 * USEC_PER_SEC, LOG_INFO },
	/* the first verb counts; a value is no verb; an option is no value */
	{ "/shutdown poweroff reboot", "poweroff", true, 90 * USEC_PER_SEC, LOG_INFO },
	{ "/shutdown --log-target halt --what=kexec poweroff", "poweroff", true, 90 * USEC_PER_SEC, LOG_INFO },
	{ "/shutdown --timeout --log-level 7 poweroff", "poweroff", true, 90 * USEC_PER_SEC, LOG_DEBUG },
	{ "/shutdown --unknown poweroff", "poweroff", true, 90 * USEC_PER_SEC, LOG_INFO },
	/* errors are told whatever is asked */
	{ "/shutdown poweroff --log-level=emerg", "poweroff", true, 90 * USEC_PER_SEC, LOG_ERR },
	{ "/shutdown poweroff --log-level=0", "poweroff", true, 90 * USEC_PER_SEC, LOG_ERR },
};

static void arguments_in_all_forms(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arguments a = parse(rows[i].line);

		assert_string_equal(a.verb->name, rows[i].verb);
		assert_int_equal(a.verb_given, rows[i].given);
		assert_int_equal(a.timeout, rows[i].timeout);
		assert_int_equal(a.log_level, rows[i].level);
	}
}

static void no_arguments_at_all(void **state)
{
	char *argv[] = { NULL };
	struct arguments a = arguments_parse(0, argv);

	assert_string_equal(a.verb->name, "reboot");
	assert_false(a.verb_given);
}

static void watchdog_from_the_environment(void **state)
{
	assert_int_equal(arguments_watchdog("600000000"), 600 * USEC_PER_SEC);
	assert_int_equal(arguments_watchdog("0"), 0);
	assert_int_equal(arguments_watchdog(NULL), 0);
	assert_int_equal(arguments_watchdog(""), 0);
	assert_int_equal(arguments_watchdog("-1"), 0);
	assert_int_equal(arguments_watchdog("10s"), 0);
	assert_int_equal(arguments_watchdog("18446744073709551615"), 0); /* systemd's infinity */
	assert_int_equal(arguments_watchdog("99999999999999999999"), 0);
}

static void budget_is_the_shorter_one_within_bounds(void **state)
{
	assert_int_equal(arguments_budget(90 * USEC_PER_SEC, 0), 90 * USEC_PER_SEC);
	assert_int_equal(arguments_budget(90 * USEC_PER_SEC, 600 * USEC_PER_SEC), 90 * USEC_PER_SEC);
	assert_int_equal(arguments_budget(90 * USEC_PER_SEC, 60 * USEC_PER_SEC), 48 * USEC_PER_SEC);
	assert_int_equal(arguments_budget(0, 0), 30 * USEC_PER_SEC);
	assert_int_equal(arguments_budget(90 * USEC_PER_SEC, USEC_PER_SEC), 30 * USEC_PER_SEC);
	assert_int_equal(arguments_budget(USEC_FOREVER, 0), 3600 * USEC_PER_SEC);
	assert_int_equal(arguments_budget(USEC_FOREVER, 600 * USEC_PER_SEC), 480 * USEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_in_all_forms),
		cmocka_unit_test(no_arguments_at_all),
		cmocka_unit_test(watchdog_from_the_environment),
		cmocka_unit_test(budget_is_the_shorter_one_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
