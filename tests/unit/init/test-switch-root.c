/* SPDX-License-Identifier: MIT */
/*
 * test-switch-root: the order of the last things, and what happens when any one of them fails.
 * wrap: open mount chdir chroot syscall close execve
 * wrap: trace_write oldroot_empty signals_reset priority_leave serialize_open serialize_check leave_after_failure
 * wrap: bars_collect unit_make unit_unmake process_newest
 * wrap: log_line log_console log_errno
 */
#include "departure.h"

static void systemd_is_told(void **state)
{
	struct run run = RUN(SYSTEMD, true, true);

	trace_reset(0, 0);
	assert_int_equal(enter(&run), BECAME_INIT);
	assert_string_equal(traced.text, BEGIN
		"empty the old root\n"
		"info: starting " SYSTEMD "\n"
		"close from 3\n"
		"signals\npriority\n"
		"serialize 3\n"
		"check 3\n"
		WRITE
		EXEC_OVER);
}

/* sysvinit would ignore the words, openrc-init takes one for a runlevel, bash panics. */
static void others_are_not(void **state)
{
	static const char rest[] = BEGIN "empty the old root\n" "info: starting /sbin/init\n" "close from 3\n"
				   "signals\npriority\n" WRITE EXEC("/sbin/init");
	struct run sysvinit = RUN("/sbin/init", false, true), unwanted = RUN("/sbin/init", true, false);

	trace_reset(0, 0);
	assert_int_equal(enter(&sysvinit), BECAME_INIT);
	assert_string_equal(traced.text, rest);
	trace_reset(0, 0);
	assert_int_equal(enter(&unwanted), BECAME_INIT);
	assert_string_equal(traced.text, rest);
}

/* Up to the root's own move: the stage returns the error, and nothing after it is done. */
static void failure_before_the_root_has_moved(void **state)
{
	static const struct {
		unsigned int line;
		const char *said;
	} rows[] = {
		{ 1, "cannot open /" },
		{ 2, "cannot move /dev to /sysroot/dev" },
		{ 3, "cannot move /proc to /sysroot/proc" },
		{ 4, "cannot move /sys to /sysroot/sys" },
		{ 5, "cannot move /run to /sysroot/run" },
		{ 6, "cannot move /sysroot to /" },
		{ 7, "cannot move /sysroot to /" },
		{ 8, "cannot move /sysroot to /" },
		{ 9, "cannot move /sysroot to /" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run run = RUN(SYSTEMD, true, true);
		char text[1024] = BEGIN, *p = text;

		trace_reset(rows[i].line, EIO);
		assert_int_equal(enter(&run), RETURNED);
		for (unsigned int n = 0; n < rows[i].line; n++)
			p = strchr(p, '\n') + 1;
		snprintf(p, (size_t)(text + sizeof(text) - p), "error: %s: %s\n%sreturned %s\n", rows[i].said,
			 strerror(EIO), rows[i].line == 1 ? "" : "close 4711\n", strerror(EIO));
		assert_string_equal(traced.text, text);
	}
}

/* The profile, the old root's memory: worth a warning. */
static void failure_that_is_none(void **state)
{
	struct run run = RUN("/sbin/init", false, true);

	trace_reset(12, EIO);
	assert_int_equal(enter(&run), BECAME_INIT);
	assert_non_null(strstr(traced.text,
		"warning: cannot write /run/slipway/profile.json: Input/output error, ignoring\n" EXEC("/sbin/init")));
	trace_reset(10, EIO);
	assert_int_equal(enter(&run), BECAME_INIT);
	assert_non_null(strstr(traced.text,
		"empty the old root\n"
		"warning: cannot free the memory of the initramfs: Input/output error, ignoring\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systemd_is_told),
		cmocka_unit_test(others_are_not),
		cmocka_unit_test(failure_before_the_root_has_moved),
		cmocka_unit_test(failure_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
