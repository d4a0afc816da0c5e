/* SPDX-License-Identifier: MIT */
/*
 * test-process: ending processes. What is signalled here are children of the test alone.
 * wrap: kill
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/macro.h"
#include "base/process.h"
#include "unit/base/fake-process.h"

/* Process group of the children; kill(2) reaches nobody else, whatever the code under test
 * thinks. */
static pid_t group;
static int immortal_to; /* a signal that does nothing, as in D state */
static int killed[65];  /* how often each signal was sent */

static bool born_at_kill; /* just before the first SIGKILL the group gets one more member */

static void start_sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGTERM, SIG_IGN);
		(void)setpgid(0, group);
		sleep(20);
		_exit(0);
	}
	(void)setpgid(pid, group);
}

int __real_kill(pid_t pid, int sig);
int __wrap_kill(pid_t pid, int sig);
int __wrap_kill(pid_t pid, int sig)
{
	killed[sig]++;
	if (sig == SIGKILL && born_at_kill) {
		born_at_kill = false;
		start_sleeper();
	}
	if (sig == immortal_to || group <= 0 || pid <= 0 || getpgid(pid) != group)
		return 0;
	return __real_kill(pid, sig);
}

static int setup(void **state)
{
	group = 0;
	immortal_to = 0;
	born_at_kill = false;
	memset(killed, 0, sizeof(killed));
	return scratch_setup(state);
}

static int teardown(void **state)
{
	if (group > 0)
		(void)__real_kill(-group, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return scratch_teardown(state);
}

static void kernel_threads_and_zombies_get_no_signal(void **state)
{
	const struct scratch *s = *state;
	struct process_end e = { .procfd = s->fd, .term_usec = 0, .kill_usec = 0 };
	char *left = NULL;

	fake_process(s, 2, "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0\n", 0, "");
	fake_process(s, 23, "23 (gone) Z 1 23 23 0 -1 4194304 0 0\n", 0, "");
	assert_int_equal(process_end_all(&e, &left), 0);
	assert_null(left);
	assert_int_equal(killed[SIGTERM] + killed[SIGKILL] + killed[SIGCONT], 0);
}

/* A child in the group, shown in the scratch /proc, that runs `fn` once it is told to be ready. */
static pid_t child(const struct scratch *s, void (*fn)(int ready))
{
	char name[16], target[32], byte;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)setpgid(0, group);
		fn(fds[1]);
		_exit(0);
	}
	if (!group)
		group = pid;
	(void)close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	(void)close(fds[0]);
	snprintf(name, sizeof(name), "%d", pid);
	snprintf(target, sizeof(target), "/proc/%d", pid);
	assert_int_equal(symlinkat(target, s->fd, name), 0);
	return pid;
}

static void say_ready(int fd)
{
	(void)!write(fd, "r", 1);
}

static void stay(void)
{
	for (int i = 0; i < 200; i++)
		usleep(100 * 1000);
}

static void sleeper(int ready)
{
	say_ready(ready);
	stay();
}

static void ignorer(int ready)
{
	(void)signal(SIGTERM, SIG_IGN);
	say_ready(ready);
	stay();
}

static void fork_one(int sig)
{
	if (fork() == 0) {
		(void)signal(SIGTERM, SIG_IGN);
		stay();
		_exit(0);
	}
	_exit(0);
}

static void forker(int ready)
{
	(void)signal(SIGTERM, fork_one);
	say_ready(ready);
	stay();
}

/* "ready" is said by exec: the pipe's writing end goes on in the program as its standard input. */
static void storage_daemon(int ready)
{
	char *argv[] = { (char *)"@sleep", (char *)"20", NULL };

	(void)dup2(ready, STDIN_FILENO);
	say_ready(ready);
	(void)execv("/bin/sleep", argv);
}

static bool gone(pid_t pid)
{
	return __real_kill(pid, 0) < 0 && errno == ESRCH;
}

static void ordinary_child_is_terminated(void **state)
{
	const struct scratch *s = *state;
	struct process_end e = { .procfd = s->fd, .term_usec = 10 * USEC_PER_SEC };
	uint64_t start = clock_monotonic();
	pid_t pid = child(s, sleeper);
	char *left = (char *)"x";

	assert_int_equal(process_end_all(&e, &left), 0);
	assert_null(left);
	assert_true(gone(pid));
	assert_int_equal(killed[SIGKILL], 0);
	/* It does not sit out the time. */
	assert_true(clock_monotonic() - start < 5 * USEC_PER_SEC);
}

static void child_that_ignores_term_is_killed(void **state)
{
	const struct scratch *s = *state;
	struct process_end e = { .procfd = s->fd,
				 .term_usec = 30000,
				 .kill_usec = 10 * USEC_PER_SEC };
	uint64_t start = clock_monotonic();
	pid_t pid = child(s, ignorer);
	char *left = NULL;

	assert_int_equal(process_end_all(&e, &left), 0);
	assert_true(gone(pid));
	assert_true(killed[SIGTERM] >= 1);
	assert_true(killed[SIGKILL] >= 1);
	assert_true(clock_monotonic() - start >= 30000);
}

static void stopped_child_is_continued(void **state)
{
	const struct scratch *s = *state;
	struct process_end e = { .procfd = s->fd, .term_usec = 10 * USEC_PER_SEC };
	pid_t pid = child(s, sleeper);
	char *left = NULL;
	int status;

	assert_int_equal(__real_kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_int_equal(process_end_all(&e, &left), 0);
	assert_true(gone(pid));
	assert_int_equal(killed[SIGKILL], 0);
}

static void storage_daemon_is_spared(void **state)
{
	const struct scratch *s = *state;
	struct process_end e = { .procfd = s->fd,
				 .term_usec = 200000,
				 .kill_usec = 10 * USEC_PER_SEC };
	pid_t daemon = child(s, storage_daemon), other = child(s, sleeper);
	char *left = NULL;

	/* exec comes a moment after "ready". */
	for (int i = 0; i < 100; i++) {
		_cleanup_free_ char *path = NULL, *argv = NULL;

		assert_true(asprintf(&path, "/proc/%d/cmdline", daemon) > 0);
		assert_int_equal(file_read(AT_FDCWD, path, 4096, &argv, NULL), 0);
		if (argv[0] == '@')
			break;
		usleep(20000);
	}
	assert_int_equal(process_end_all(&e, &left), 0);
	assert_null(left);
	assert_true(gone(other));
	/* An ordinary user's is no storage daemon. */
	assert_int_equal(gone(daemon), getuid() != 0);
}

static bool spare_one(const struct process *p, void *data)
{
	return p->pid == *(pid_t *)data;
}

static void caller_may_spare(void **state)
{
	const struct scratch *s = *state;
	pid_t spared = child(s, sleeper), other = child(s, sleeper);
	struct process_end e = {
		.procfd = s->fd,
		.spare = spare_one,
		.data = &spared,
		.term_usec = 10 * USEC_PER_SEC,
	};
	char *left = NULL;

	assert_int_equal(process_end_all(&e, &left), 0);
	assert_true(gone(other));
	assert_false(gone(spared));
}

static void who_cannot_die_is_named(void **state)
{
	const struct scratch *s = *state;
	struct process_end e = { .procfd = s->fd, .term_usec = 20000, .kill_usec = 50000 };
	_cleanup_free_ char *left = NULL, *one = NULL, *other = NULL;
	pid_t a, b;

	immortal_to = SIGKILL;
	a = child(s, ignorer);
	b = child(s, ignorer);
	assert_int_equal(process_end_all(&e, &left), 2);
	assert_true(asprintf(&one, "test-process:%d,test-process:%d", a, b) > 0);
	assert_true(asprintf(&other, "test-process:%d,test-process:%d", b, a) > 0);
	assert_true(streq(left, one) || streq(left, other));
}

static bool not_of_the_group(const struct process *p, void *data)
{
	return getpgid(p->pid) != group;
}

static void child_that_was_forked_meanwhile_is_ended(void **state)
{
	const struct scratch *s = *state;
	_cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct process_end e = {
		.procfd = proc, .spare = not_of_the_group,
		.term_usec = 100000, .kill_usec = 10 * USEC_PER_SEC,
	};
	char *left = NULL;

	(void)child(s, forker);
	assert_int_equal(process_end_all(&e, &left), 0);
	assert_int_equal(__real_kill(-group, 0), -1);
	assert_int_equal(errno, ESRCH);
	group = 0;
}

/* It was not yet there when the processes were listed that SIGKILL went to. */
static void child_that_comes_after_the_kill_is_ended(void **state)
{
	_cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct process_end e = {
		.procfd = proc, .spare = not_of_the_group,
		.term_usec = 20000, .kill_usec = 10 * USEC_PER_SEC,
	};
	char *left = NULL;

	(void)child(*state, ignorer);
	born_at_kill = true;
	assert_int_equal(process_end_all(&e, &left), 0);
	assert_false(born_at_kill);
	assert_int_equal(__real_kill(-group, 0), -1);
	group = 0;
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(kernel_threads_and_zombies_get_no_signal),
		in_scratch(ordinary_child_is_terminated),
		in_scratch(child_that_ignores_term_is_killed),
		in_scratch(stopped_child_is_continued),
		in_scratch(storage_daemon_is_spared),
		in_scratch(caller_may_spare),
		in_scratch(who_cannot_die_is_named),
		in_scratch(child_that_was_forked_meanwhile_is_ended),
		in_scratch(child_that_comes_after_the_kill_is_ended),
	};

	/* What is orphaned comes to us, as it comes to PID 1. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
