/* SPDX-License-Identifier: MIT */
/*
 * test-hand-over: what systemd is given, and what becomes of it when it is not systemd that is executed.
 * wrap: open mount chdir chroot syscall close execve
 * wrap: trace_write oldroot_empty signals_reset priority_leave serialize_open serialize_check leave_after_failure
 * wrap: bars_collect unit_make unit_unmake process_newest
 * wrap: log_line log_console log_errno
 */
#include "departure.h"

#define AFTER                             \
	"empty the old root\n"            \
	"info: starting " SYSTEMD "\n"    \
	"close from 3\n"                  \
	"signals\npriority\n"

/* A descriptor that systemd cannot read would freeze it. */
static void hand_over_that_fails_is_left_out(void **state)
{
	static const char *const whys[] = { "Input/output error", "Bad file descriptor" };

	for (unsigned int line = 12; line <= 13; line++) {
		struct run run = RUN(SYSTEMD, true, true);
		char text[2048];

		trace_reset(line, EIO);
		assert_int_equal(enter(&run), BECAME_INIT);
		snprintf(text, sizeof(text),
			 "%s%swarning: cannot hand the initrd's time over to systemd: %s, ignoring\n"
			 "close 3\n%s",
			 BEGIN AFTER "serialize 3\n", line == 13 ? "check 3\n" : "", whys[line - 12],
			 WRITE EXEC(SYSTEMD));
		assert_string_equal(traced.text, text);
	}
}

static void exec_fails_with_the_hand_over(void **state)
{
	struct run run = RUN(SYSTEMD, true, true);

	trace_reset(15, EIO);
	assert_int_equal(enter(&run), BECAME_INIT);
	assert_string_equal(traced.text, BEGIN AFTER
		"serialize 3\n" "check 3\n" WRITE
		EXEC_OVER FAILED(SYSTEMD) "close 3\n"
		EXEC(SYSTEMD));
}

/* The files are there when systemd is told of them, and only then. */
static void bars_go_with_the_hand_over(void **state)
{
	struct run told = RUN(SYSTEMD, true, true), unwanted = RUN(SYSTEMD, true, false);
	struct run other = RUN("/sbin/init", false, true), unfit = RUN(SYSTEMD, true, true);
	struct run failing = RUN(SYSTEMD, true, true), unwritten = RUN(SYSTEMD, true, true);

	has_bar = true;
	trace_reset(0, 0);
	assert_int_equal(enter(&told), BECAME_INIT);
	assert_true(endswith(traced.text, "signals\npriority\nmake a.service\nserialize 3\ncheck 3\n" WRITE EXEC_OVER));
	trace_reset(0, 0);
	assert_int_equal(enter(&unwanted), BECAME_INIT);
	assert_null(strstr(traced.text, "make"));
	trace_reset(0, 0);
	assert_int_equal(enter(&other), BECAME_INIT);
	assert_null(strstr(traced.text, "make"));
	trace_reset(13, EIO);
	assert_int_equal(enter(&unfit), BECAME_INIT);
	assert_true(endswith(traced.text, "close 3\nunmake a.service\n" WRITE EXEC(SYSTEMD)));
	trace_reset(16, EIO);
	assert_int_equal(enter(&failing), BECAME_INIT);
	assert_true(endswith(traced.text, WRITE EXEC_OVER FAILED(SYSTEMD) "close 3\nunmake a.service\n" EXEC(SYSTEMD)));
	trace_reset(12, EIO);
	assert_int_equal(enter(&unwritten), BECAME_INIT);
	assert_non_null(strstr(traced.text,
		"warning: cannot tell systemd what took how long: Input/output error, ignoring\nserialize 3\n"));
	has_bar = false;
}

/* The last of the list, without the hand-over. */
static void others_are_tried(void **state)
{
	struct run run = RUN(SYSTEMD, true, true);

	trace_reset(15, EIO);
	traced.fail_to = 19;
	assert_int_equal(enter(&run), BECAME_INIT);
	assert_string_equal(traced.text, BEGIN AFTER
		"serialize 3\n" "check 3\n" WRITE
		EXEC_OVER FAILED(SYSTEMD) "close 3\n"
		EXEC(SYSTEMD) FAILED(SYSTEMD)
		EXEC("/sbin/init") FAILED("/sbin/init")
		EXEC("/etc/init") FAILED("/etc/init")
		EXEC("/bin/init") FAILED("/bin/init")
		EXEC("/bin/sh"));
}

/* None can be executed: out by the one door, so that panic= counts. The first is not tried twice. */
static void none_is_left(void **state)
{
	struct run run = RUN("/etc/init", false, true);

	trace_reset(13, EIO);
	traced.fail_to = 99;
	assert_int_equal(enter(&run), LEFT);
	assert_string_equal(traced.text, BEGIN
		"empty the old root\n" "info: starting /etc/init\n" "close from 3\n" "signals\npriority\n" WRITE
		EXEC("/etc/init") FAILED("/etc/init")
		EXEC("/sbin/init") FAILED("/sbin/init")
		EXEC("/bin/init") FAILED("/bin/init")
		EXEC("/bin/sh") FAILED("/bin/sh")
		"leave switch-root\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hand_over_that_fails_is_left_out),
		cmocka_unit_test(exec_fails_with_the_hand_over),
		cmocka_unit_test(bars_go_with_the_hand_over),
		cmocka_unit_test(others_are_tried),
		cmocka_unit_test(none_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
