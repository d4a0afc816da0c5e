/* SPDX-License-Identifier: MIT */
/*
 * test-leave: the ways out of PID 1.
 * wrap: sync reboot _exit nanosleep file_write
 * wrap: log_line log_console log_errno
 */
#include <fcntl.h>
#include <sys/reboot.h>
#include <time.h>

#include "base/file.h"
#include "base/macro.h"
#include "base/strv.h"
#include "init/leave.h"
#include "init/run.h"
#include "unit/trace.h"

static jmp_buf end;
static int interruptions; /* of the pause */

void __wrap_sync(void);
void __wrap_sync(void)
{
	trace_note("sync");
}

int __wrap_reboot(int command);
int __wrap_reboot(int command)
{
	static const struct {
		int command;
		const char *name;
	} names[] = {
		{ RB_AUTOBOOT, "restart" }, { RB_POWER_OFF, "power off" }, { RB_HALT_SYSTEM, "halt" },
	};

	const char *name = "reboot";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].command == command)
			name = names[i].name;
	trace_note("%s", name);
	/* Where the kernel refuses it, as in a container. */
	errno = EPERM;
	return -1;
}

_Noreturn void __wrap__exit(int code);
_Noreturn void __wrap__exit(int code)
{
	trace_note("exit %d", code);
	longjmp(end, 1);
}

int __wrap_nanosleep(const struct timespec *span, struct timespec *left);
int __wrap_nanosleep(const struct timespec *span, struct timespec *left)
{
	trace_note("sleep %d", (int)span->tv_sec);
	if (interruptions == 0)
		return 0;
	interruptions--;
	*left = (struct timespec){ .tv_sec = span->tv_sec - 1 };
	errno = EINTR;
	return -1;
}

int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode);
int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode)
{
	trace_note("write %s %04o\n%s---", path, mode, text);
	return 0;
}

static void leaves(struct run *run, const char *stage, enum emergency how)
{
	trace_reset(0, 0);
	trace_leaves(true);
	if (setjmp(end) == 0) {
		if (run)
			leave_after_failure(run, stage);
		leave_now(how);
	}
	trace_leaves(false);
}

/* What is not done by the kernel at once ends in its panic. */
static void at_once(void **state)
{
	static const struct {
		enum emergency how;
		const char *trace;
	} rows[] = {
		{ EMERGENCY_EXIT, "sync\nexit 1\n" },
		{ EMERGENCY_REBOOT, "sync\nrestart\nexit 1\n" },
		{ EMERGENCY_POWEROFF, "sync\npower off\nexit 1\n" },
		{ EMERGENCY_HALT, "sync\nhalt\nexit 1\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		leaves(NULL, NULL, rows[i].how);
		assert_string_equal(traced.text, rows[i].trace);
	}
}

static void after_a_failure(void **state)
{
	static const struct {
		enum emergency how;
		const char *said, *done;
	} rows[] = {
		{ EMERGENCY_EXIT, "leaving it to the kernel's panic= setting", "" },
		{ EMERGENCY_REBOOT, "restarting", "restart\n" },
		{ EMERGENCY_POWEROFF, "powering off", "power off\n" },
		{ EMERGENCY_HALT, "halting", "halt\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run run = { .boot.emergency = rows[i].how, .loop = LOOP_CLOSED };
		char text[1024];

		leaves(&run, "root", EMERGENCY_EXIT);
		snprintf(text, sizeof(text),
			 "write /run/slipway/report 0600\n"
			 "failed: root\nroot: not given\ndevices: none\nno module for: nothing\n---\n"
			 "error: the boot cannot go on; %s in 30 s (rd.shell=1 gives a shell here)\n"
			 "sleep 30\nsync\n%sexit 1\n", rows[i].said, rows[i].done);
		assert_string_equal(traced.text, text);
	}
}

static void report_has_what_is_known(void **state)
{
	struct device vda = { .devname = (char *)"vda", .sectors = 1, .tags.pttype = (char *)"gpt" },
		      *items[] = { &vda };
	char *unserved[] = { (char *)"virtio:d00000002v1", NULL };
	struct run run = {
		.boot.root.spec.text = (char *)"UUID=a", .devices = { items, 1, 0 }, .modules.unserved = unserved,
		.loop = LOOP_CLOSED,
	};

	leaves(&run, "usr", EMERGENCY_EXIT);
	assert_non_null(strstr(traced.text, "failed: usr\nroot: UUID=a\ndevices: vda (gpt)\n"
			       "no module for: virtio:d00000002v1\n---\n"));
}

/* A child that ends interrupts the pause, and must not shorten it. */
static void pause_is_whole(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	interruptions = 2;
	leaves(&run, "root", EMERGENCY_EXIT);
	assert_non_null(strstr(traced.text, "sleep 30\nsleep 29\nsleep 28\nsync\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_once),
		cmocka_unit_test(after_a_failure),
		cmocka_unit_test(report_has_what_is_known),
		cmocka_unit_test(pause_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
