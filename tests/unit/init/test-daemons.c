/* SPDX-License-Identifier: MIT */
/*
 * test-daemons: the stage that ends what was started here. Ending itself is test-process's.
 * wrap: process_end_all loop_close open waitid
 * wrap: log_line log_console log_errno
 */
#include <sys/wait.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/process.h"
#include "init/run.h"
#include "init/stages.h"
#include "unit/trace.h"

#define PROC 4711

static const char *left;
static int children; /* 0: there are some; else errno */
static int result;

int __wrap_process_end_all(const struct process_end *e, char **ret_left);
int __wrap_process_end_all(const struct process_end *e, char **ret_left)
{
	trace_note("end all");
	assert_int_equal(e->procfd, PROC);
	/* Nobody but the interface's storage daemons is spared. */
	assert_null(e->spare);
	assert_int_equal(e->term_usec, 5 * USEC_PER_SEC);
	assert_int_equal(e->kill_usec, 5 * USEC_PER_SEC);
	assert_int_equal(string_set(ret_left, left), 0);
	return result;
}

void __wrap_loop_close(struct loop *loop);
void __wrap_loop_close(struct loop *loop)
{
	trace_note("workers");
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	if (!streq(path, "/proc"))
		return __real_open(path, flags, 0644);
	return trace_call("open %s", path) < 0 ? -1 : PROC;
}

int __wrap_waitid(idtype_t type, id_t id, siginfo_t *si, int options);
int __wrap_waitid(idtype_t type, id_t id, siginfo_t *si, int options)
{
	assert_true(type == P_ALL && (options & WNOHANG) && (options & WNOWAIT));
	errno = children;
	return children ? -1 : 0;
}

static int setup(void **state)
{
	children = 0;
	left = NULL;
	result = 0;
	trace_reset(0, 0);
	return 0;
}

static int stage(void)
{
	struct run run = { .loop = LOOP_CLOSED };

	return stop_daemons(&run);
}

static void all_are_ended(void **state)
{
	assert_int_equal(stage(), 0);
	assert_string_equal(traced.text, "open /proc\nworkers\nend all\n");
}

/* Nothing that was started here can be alive without a child of ours. */
static void nobody_is_there(void **state)
{
	children = ECHILD;
	assert_int_equal(stage(), 0);
	assert_string_equal(traced.text, "open /proc\nworkers\n");
	setup(state);
	children = EINVAL;
	assert_int_equal(stage(), 0);
	assert_string_equal(traced.text, "open /proc\nworkers\nend all\n");
}

/* A process in D state holds up nobody. */
static void who_cannot_be_ended_is_named(void **state)
{
	left = "mount:12,dd:13";
	result = 2;
	assert_int_equal(stage(), 0);
	assert_true(endswith(traced.text, "warning: still alive after SIGKILL: mount:12,dd:13, ignoring\n"));
	setup(state);
	result = -EIO;
	assert_int_equal(stage(), 0);
	assert_true(endswith(traced.text,
		"warning: cannot end the processes of the initramfs: Input/output error, ignoring\n"));
}

static void without_proc(void **state)
{
	trace_reset(1, ENOENT);
	assert_int_equal(stage(), -ENOENT);
	assert_string_equal(traced.text, "open /proc\nworkers\n"
			    "error: cannot open /proc: No such file or directory\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_are_ended, setup),
		cmocka_unit_test_setup(nobody_is_there, setup),
		cmocka_unit_test_setup(who_cannot_be_ended_is_named, setup),
		cmocka_unit_test_setup(without_proc, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
