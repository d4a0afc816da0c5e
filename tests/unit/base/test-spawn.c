/* SPDX-License-Identifier: MIT */
/*
 * test-spawn: running programs. "test-spawn report" is the program: it tells how it was started.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/macro.h"
#include "base/spawn.h"
#include "base/strv.h"
#include "unit/scratch.h"

/* One line a fact, on standard output. */
static int report(char *const *argv)
{
	struct sigaction action;
	sigset_t blocked;
	char byte;

	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("fd %d\n", fd);
	STRV_FOREACH(e, environ)
		printf("env %s\n", *e);
	STRV_FOREACH(a, argv + 2)
		printf("arg %s\n", *a);
	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int i = 1; i < NSIG; i++)
		if (sigismember(&blocked, i) == 1 ||
		    (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN))
			printf("signal %d\n", i);
	printf("leader %d\n", getsid(0) == getpid());
	printf("input %zd\n", read(STDIN_FILENO, &byte, 1));
	return 42;
}

static struct spawn plain(const char *const *argv)
{
	return (struct spawn){ .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
}

/* Runs it with standard output in a file and gives what it said. */
static char *said(struct spawn s, int *ret_status)
{
	_cleanup_close_ int out = memfd_create("out", MFD_CLOEXEC);
	char *text = NULL;

	s.stdout_fd = out;
	assert_int_equal(spawn_run(&s, clock_monotonic() + 20 * USEC_PER_SEC, ret_status), 0);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(out, 1 << 20, &text, NULL), 0);
	return text;
}

/* How many descriptors this process has, so that none is left behind. */
static int descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void child_gets_its_words_and_nothing_else(void **state)
{
	static const char *const argv[] = { "/proc/self/exe", "report", "a b", "", NULL };
	_cleanup_close_ int low = open("/dev/null", O_RDONLY), high = fcntl(low, F_DUPFD, 900);
	_cleanup_free_ char *text = NULL;
	int status = 0, before;

	/* Two that exec would pass on: a library's, say. */
	assert_true(low > 2 && high >= 900);
	before = descriptors();
	assert_int_equal(setenv("SECRET", "x", 1), 0);
	text = said(plain(argv), &status);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	assert_string_equal(text, "fd 0\nfd 1\nfd 2\n"
				  "env PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
				  "arg a b\narg \n"
				  "leader 0\n"
				  "input 0\n");
	assert_int_equal(descriptors(), before);
}

static void child_has_default_signals(void **state)
{
	static const char *const argv[] = { "/proc/self/exe", "report", NULL };
	_cleanup_free_ char *text = NULL;
	sigset_t all, old;
	int status = 0;

	assert_int_equal(sigfillset(&all), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &all, &old), 0);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	text = said(plain(argv), &status);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGUSR1, SIG_DFL);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	assert_non_null(strstr(text, "leader 0"));
	assert_null(strstr(text, "signal"));
}

static void environment_and_input_are_the_callers(void **state)
{
	static const char *const argv[] = { "/proc/self/exe", "report", NULL };
	static const char *const envp[] = { "A=1", "B=2 3", NULL };
	_cleanup_free_ char *text = NULL;
	struct spawn s = plain(argv);
	int status = 0, fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	s.envp = envp;
	s.stdin_fd = fds[0];
	s.session = true;
	text = said(s, &status);
	assert_non_null(strstr(text, "\nenv A=1\nenv B=2 3\nleader 1\ninput 1\n"));
	assert_null(strstr(text, "PATH"));
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void both_outputs_into_one(void **state)
{
	static const char *const argv[] = { "sh", "-c", "echo out; echo err >&2", NULL };
	_cleanup_close_ int out = memfd_create("out", MFD_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct spawn s = plain(argv);
	int status = 0;

	s.stdout_fd = s.stderr_fd = out;
	assert_int_equal(spawn_run(&s, USEC_FOREVER, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(out, 4096, &text, NULL), 0);
	assert_string_equal(text, "out\nerr\n");
}

/* A name is looked up where system programs are, not where the caller's PATH says. */
static void names_are_looked_up(void **state)
{
	static const char *const argv[] = { "true", NULL };
	struct spawn s = plain(argv);
	int status = -1;

	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	assert_int_equal(spawn_run(&s, USEC_FOREVER, &status), 0);
	assert_int_equal(status, 0);
	assert_string_equal(getenv("PATH"), "/nowhere");
}

static void what_cannot_be_executed_is_an_error(void **state)
{
	const struct scratch *scratch = *state;
	_cleanup_free_ char *path = NULL;
	const char *argv[] = { "slipway-no-such-program", NULL };
	struct spawn s = plain(argv);
	pid_t pid = 4711;
	int before = descriptors();

	assert_int_equal(spawn_start(&s, &pid), -ENOENT);
	argv[0] = "/nowhere/program";
	assert_int_equal(spawn_start(&s, &pid), -ENOENT);
	assert_true(asprintf(&path, "%s/file", scratch->path) > 0);
	argv[0] = path;
	scratch_write(scratch, "file", "text", 4);
	assert_int_equal(spawn_start(&s, &pid), -EACCES);
	assert_int_equal(chmod(path, 0755), 0);
	scratch_write(scratch, "file", "\x7f" "ELFgarbage", 11);
	assert_int_equal(spawn_start(&s, &pid), -ENOEXEC);
	assert_int_equal(pid, 4711);
	/* Nothing is left to reap, or open. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(descriptors(), before);
}

static void deadline_kills(void **state)
{
	static const char *const argv[] = { "sleep", "20", NULL };
	uint64_t start = clock_monotonic();
	struct spawn s = plain(argv);
	int status = 0;

	assert_int_equal(spawn_run(&s, start + 50000, &status), -ETIMEDOUT);
	assert_in_range(clock_monotonic() - start, 50000, 10 * USEC_PER_SEC);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_deadline_that_has_passed_is_one(void **state)
{
	static const char *const argv[] = { "sleep", "20", NULL };
	struct spawn s = plain(argv);
	int status;

	assert_int_equal(spawn_run(&s, 0, &status), -ETIMEDOUT);
}

static void other_children_are_not_reaped(void **state)
{
	static const char *const first[] = { "sh", "-c", "exit 3", NULL };
	static const char *const second[] = { "sh", "-c", "sleep 0.05; exit 4", NULL };
	struct spawn a = plain(first), b = plain(second);
	pid_t one, two;
	int status = 0;

	assert_int_equal(spawn_start(&a, &one), 0);
	assert_int_equal(spawn_start(&b, &two), 0);
	assert_int_equal(spawn_wait(two, USEC_FOREVER, &status), 0);
	assert_int_equal(WEXITSTATUS(status), 4);
	assert_int_equal(spawn_wait(one, USEC_FOREVER, &status), 0);
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(spawn_wait(one, USEC_FOREVER, &status), -ECHILD);
}

static void death_by_signal_is_in_the_status(void **state)
{
	static const char *const argv[] = { "sh", "-c", "kill -SEGV $$", NULL };
	struct spawn s = plain(argv);
	int status = 0;

	assert_int_equal(spawn_run(&s, USEC_FOREVER, &status), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(child_gets_its_words_and_nothing_else),
		cmocka_unit_test(child_has_default_signals),
		cmocka_unit_test(environment_and_input_are_the_callers),
		cmocka_unit_test(both_outputs_into_one),
		cmocka_unit_test(names_are_looked_up),
		cmocka_unit_test_setup_teardown(what_cannot_be_executed_is_an_error, scratch_setup,
						scratch_teardown),
		cmocka_unit_test(deadline_kills),
		cmocka_unit_test(a_deadline_that_has_passed_is_one),
		cmocka_unit_test(other_children_are_not_reaped),
		cmocka_unit_test(death_by_signal_is_in_the_status),
	};

	if (argc > 1 && streq(argv[1], "report"))
		return report(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
