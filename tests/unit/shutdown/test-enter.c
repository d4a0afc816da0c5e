/* SPDX-License-Identifier: MIT */
/*
 * test-enter: what systemd hands to the exitrd, put in order. All in workers: the process is changed for good.
 * wrap: mount mlockall setrlimit fchdir
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/strv.h"
#include "base/worker.h"
#include "shutdown/enter.h"
#include "unit/scratch.h"

#define SOON (clock_monotonic() + 20 * USEC_PER_SEC)

static char trace[256];
static int limit_error;

static void note(const char *what)
{
	(void)snprintf(trace + strlen(trace), sizeof(trace) - strlen(trace), "%s ", what);
}

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
	note(flags == (MS_REC | MS_PRIVATE) ? "private" : type);
	note(target);
	return 0;
}

int __wrap_mlockall(int flags);
int __wrap_mlockall(int flags)
{
	note("mlock");
	return 0;
}

int __wrap_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit)
{
	assert_int_equal(resource, RLIMIT_MEMLOCK);
	errno = limit_error;
	return limit_error ? -1 : 0;
}

int __wrap_fchdir(int fd);
int __wrap_fchdir(int fd)
{
	note("chdir");
	return 0;
}

/* Runs in a worker; says what it finds on standard output, which is the record. */
static int process_as_entered(int fd, void *data)
{
	if (dup2(fd, STDOUT_FILENO) < 0)
		return -errno;
	(void)umask(0);
	enter_process();
	STRV_FOREACH(e, environ)
		(void)dprintf(STDOUT_FILENO, "%s\n", *e);
	for (int i = 3; i < 1024; i++)
		if (fcntl(i, F_GETFD) >= 0)
			(void)dprintf(STDOUT_FILENO, "fd %d\n", i);
	(void)dprintf(STDOUT_FILENO, "umask %03o\n", (unsigned int)umask(0));
	return 0;
}

/* What the initrd gave to init comes back in the environment, months later; none of it goes on. */
static void environment_and_descriptors(void **state)
{
	_cleanup_close_ int other = fcntl(STDERR_FILENO, F_DUPFD, 100);
	_cleanup_free_ char *said = NULL;

	assert_true(other >= 100);
	assert_int_equal(clearenv(), 0);
	assert_int_equal(setenv("LEAKED_SECRET", "x", 1), 0);
	assert_int_equal(setenv("TERM", "linux", 1), 0);
	assert_int_equal(setenv("RD_TIMESTAMP", "1 2", 1), 0);
	assert_int_equal(setenv("WATCHDOG_USEC", "600000000", 1), 0);
	assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
	assert_int_equal(setenv("LD_PRELOAD", "", 1), 0);
	assert_int_equal(worker_call(process_as_entered, NULL, SOON, &said, NULL), 0);
	assert_string_equal(said, "TERM=linux\nWATCHDOG_USEC=600000000\nWATCHDOG_PID=1\numask 022\n");
}

/* What systemd leaves behind: nearly all blocked, SIGPIPE ignored. */
static int signals_as_entered(int fd, void *data)
{
	sigset_t all, blocked;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)signal(SIGCHLD, SIG_IGN);
	enter_signals(verb_default());
	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int i = 1; i < NSIG; i++) {
		struct sigaction sa;
		const char *how;

		if (sigismember(&blocked, i) == 1)
			(void)dprintf(fd, "blocked %d\n", i);
		if (sigaction(i, NULL, &sa) < 0 || sa.sa_handler == SIG_DFL)
			continue;
		how = sa.sa_handler == SIG_IGN ? "ignored" : "handled";
		(void)dprintf(fd, "%s %s%s\n", how, sigabbrev_np(i), sa.sa_flags & SA_ONSTACK ? "" : " here");
	}
	return 0;
}

static void signals(void **state)
{
	_cleanup_free_ char *said = NULL;

	assert_int_equal(worker_call(signals_as_entered, NULL, SOON, &said, NULL), 0);
	assert_string_equal(said, "handled ILL\nhandled ABRT\nhandled BUS\nhandled FPE\nhandled SEGV\n"
				  "ignored PIPE here\nhandled SYS\n");
}

/* The handler's exit status, as a worker's function would give it. */
static void crashed(int sig)
{
	_exit(ENOTSUP);
}

static const struct verb verb = { .name = "test", .crash = crashed };

static int write_to_nowhere(int fd, void *data)
{
	volatile char *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	enter_signals(&verb);
	*p = 1;
	return 0;
}

static int abort_it(int fd, void *data)
{
	enter_signals(&verb);
	abort();
}

static int use_up(volatile char *above, int depth)
{
	volatile char here[4096];

	here[0] = above ? *above : 0;
	return depth == 0 ? 0 : use_up(here, depth - 1) + here[0];
}

/* The handler needs a stack of its own. */
static int overflow_the_stack(int fd, void *data)
{
	const struct rlimit small = { 1 << 20, 1 << 20 };

	(void)prlimit(0, RLIMIT_STACK, &small, NULL);
	enter_signals(&verb);
	return use_up(NULL, INT_MAX);
}

static void a_crash_is_handled(void **state)
{
	assert_int_equal(worker_call(write_to_nowhere, NULL, SOON, NULL, NULL), -ENOTSUP);
	assert_int_equal(worker_call(abort_it, NULL, SOON, NULL, NULL), -ENOTSUP);
	assert_int_equal(worker_call(overflow_the_stack, NULL, SOON, NULL, NULL), -ENOTSUP);
}

static void api_file_systems_that_are_not_there_are_mounted(void **state)
{
	const struct scratch *s = *state;
	_cleanup_free_ char *score = NULL;

	enter_root(s->fd);
	/* Relative: to the root that is the working directory. */
	assert_string_equal(trace, "chdir private . proc proc sysfs sys devtmpfs dev mlock ");
	assert_int_equal(faccessat(s->fd, "sys", X_OK, 0), 0);

	trace[0] = '\0';
	assert_int_equal(file_mkdir_parents(s->fd, "proc/self", 0755), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "sys/block", 0755), 0);
	scratch_write(s, "proc/self/mountinfo", "", 0);
	scratch_write(s, "proc/self/oom_score_adj", "0", 1);
	scratch_write(s, "dev/null", "", 0);
	/* With a limit on locked memory later allocations would fail. */
	limit_error = EPERM;
	enter_root(s->fd);
	assert_string_equal(trace, "chdir private . ");
	assert_int_equal(file_read_line(s->fd, "proc/self/oom_score_adj", &score), 0);
	assert_string_equal(score, "-1000");
}

static void without_proc_it_is_not_the_machine(void **state)
{
	const struct scratch *s = *state;

	assert_false(enter_is_machine(s->fd));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(environment_and_descriptors),
		cmocka_unit_test(signals),
		cmocka_unit_test(a_crash_is_handled),
		cmocka_unit_test_setup_teardown(api_file_systems_that_are_not_there_are_mounted, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(without_proc_it_is_not_the_machine, scratch_setup, scratch_teardown),
	};

	log_set_level(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
