/* SPDX-License-Identifier: MIT */
/* test-enter: what systemd hands to the exitrd, put in order. All in workers: the process is changed for good. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/strv.h"
#include "base/worker.h"
#include "shutdown/enter.h"
#include "unit/unit.h"

#define SOON (clock_monotonic() + 20 * USEC_PER_SEC)

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
static void environment_is_scrubbed(void **state)
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

static void signals_are_put_back(void **state)
{
	_cleanup_free_ char *said = NULL;

	assert_int_equal(worker_call(signals_as_entered, NULL, SOON, &said, NULL), 0);
	assert_string_equal(said, "handled ILL\nhandled ABRT\nhandled BUS\nhandled FPE\nhandled SEGV\n"
				  "ignored PIPE here\nhandled SYS\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(environment_is_scrubbed),
		cmocka_unit_test(signals_are_put_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
