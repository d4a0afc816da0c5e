/* SPDX-License-Identifier: MIT */
/*
 * test-process: who runs, and ending them. What is signalled here are children of the test alone.
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
#include "unit/scratch.h"

/* Process group of the children; kill(2) reaches nobody else, whatever the code under test
 * thinks. */
static pid_t group;
static int immortal_to; /* a signal that does nothing, as in D state */
static int killed[65];  /* how often each signal was sent */

int __real_kill(pid_t pid, int sig);
int __wrap_kill(pid_t pid, int sig);
int __wrap_kill(pid_t pid, int sig)
{
	killed[sig]++;
	if (sig == immortal_to || group <= 0 || pid <= 0 || getpgid(pid) != group)
		return 0;
	return __real_kill(pid, sig);
}

static int setup(void **state)
{
	group = 0;
	immortal_to = 0;
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

/* A process as /proc shows one, in files. */
static void fake_process(const struct scratch *s, int pid, const char *stat_text, int uid,
			 const char *argv0)
{
	_cleanup_free_ char *dir = NULL, *name = NULL, *status = NULL;

	assert_true(asprintf(&dir, "%d", pid) > 0);
	assert_int_equal(mkdirat(s->fd, dir, 0755), 0);
	assert_true(asprintf(&name, "%d/stat", pid) > 0);
	scratch_write(s, name, stat_text, strlen(stat_text));
	free(name);
	assert_true(asprintf(&name, "%d/cmdline", pid) > 0);
	scratch_write(s, name, argv0, strlen(argv0));
	free(name);
	assert_true(asprintf(&name, "%d/status", pid) > 0);
	assert_true(asprintf(&status,
			     "Name:\tx\nUmask:\t0022\nUid:\t%d\t0\t0\t0\nGid:\t5\t5\t5\t5\n",
			     uid) > 0);
	scratch_write(s, name, status, strlen(status));
}

static const struct process *find(const struct process *list, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].pid == pid)
			return &list[i];
	return NULL;
}

static void list_reads_stat(void **state)
{
	const struct scratch *s = *state;
	_cleanup_free_ struct process *list = NULL;
	const struct process *p;
	size_t n = 0;

	fake_process(s, 2, "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0\n", 0, "");
	fake_process(s, 10, "10 (sleep) S 1 10 10 0 -1 4194304 0 0\n", 1000, "sleep");
	/* A name may hold what the line is divided by. */
	fake_process(s, 11, "11 (a) R 1 (b) D 1 11 11 0 -1 4194304 0 0\n", 0, "@x");
	fake_process(s, 12, "12 (new\nline,x:y) T 1 11 11 0 -1 4194304 0 0\n", 0, "x@");
	fake_process(s, 13, "garbage", 0, "x");
	fake_process(s, 1, "1 (init) S 0 1 1 0 -1 4194304 0 0\n", 0, "init");
	assert_int_equal(mkdirat(s->fd, "14", 0755), 0);
	assert_int_equal(mkdirat(s->fd, "sys", 0755), 0);
	scratch_write(s, "15", "", 0);

	assert_int_equal(process_list(s->fd, &list, &n), 0);
	assert_int_equal(n, 4);
	p = find(list, n, 2);
	assert_non_null(p);
	assert_true(p->kernel);
	p = find(list, n, 10);
	assert_non_null(p);
	assert_string_equal(p->comm, "sleep");
	assert_int_equal(p->state, 'S');
	assert_int_equal(p->uid, 1000);
	assert_false(p->kernel);
	assert_false(p->at_sign);
	p = find(list, n, 11);
	assert_non_null(p);
	assert_int_equal(p->state, 'D');
	assert_true(p->at_sign);
	/* What divides a report is not let through. */
	assert_string_equal(p->comm, "a)?R?1?(b");
	p = find(list, n, 12);
	assert_non_null(p);
	assert_int_equal(p->state, 'T');
	assert_string_equal(p->comm, "new?line?x?y");
	assert_false(p->at_sign);
}

static void list_leaves_out_the_caller(void **state)
{
	_cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ struct process *list = NULL;
	size_t n = 0;

	assert_int_equal(process_list(proc, &list, &n), 0);
	assert_null(find(list, n, getpid()));
	assert_null(find(list, n, 1));
	assert_non_null(find(list, n, getppid()));
	assert_int_equal(process_list(-EBADF, &list, &n), -EBADF);
}

/*
 * The owner of /proc/PID is root for a process that may not be dumped, whoever runs it: such a
 * user's
 * "@" process would hold the root file system at shutdown.
 */
static void storage_daemons_are_really_roots(void **state)
{
	const struct scratch *s = *state;
	_cleanup_free_ struct process *list = NULL;
	size_t n = 0;

	fake_process(s, 20, "20 (mdmon) S 1 20 20 0 -1 4194304 0 0\n", 0, "@usr/sbin/mdmon");
	fake_process(s, 21, "21 (mdmon) S 1 21 21 0 -1 4194304 0 0\n", 1000, "@usr/sbin/mdmon");
	fake_process(s, 22, "22 (mdmon) S 1 22 22 0 -1 4194304 0 0\n", 0, "/usr/sbin/mdmon");
	fake_process(s, 23, "23 (mdmon) Z 1 23 23 0 -1 4194304 0 0\n", 0, "");
	assert_int_equal(process_list(s->fd, &list, &n), 0);
	assert_int_equal(n, 4);
	assert_true(process_is_storage_daemon(find(list, n, 20)));
	assert_false(process_is_storage_daemon(find(list, n, 21)));
	assert_false(process_is_storage_daemon(find(list, n, 22)));
	assert_false(process_is_storage_daemon(find(list, n, 23)));
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

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(list_reads_stat),
		in_scratch(list_leaves_out_the_caller),
		in_scratch(storage_daemons_are_really_roots),
		in_scratch(kernel_threads_and_zombies_get_no_signal),
		in_scratch(ordinary_child_is_terminated),
		in_scratch(child_that_ignores_term_is_killed),
		in_scratch(stopped_child_is_continued),
		in_scratch(storage_daemon_is_spared),
		in_scratch(caller_may_spare),
		in_scratch(who_cannot_die_is_named),
		in_scratch(child_that_was_forked_meanwhile_is_ended),
	};

	/* What is orphaned comes to us, as it comes to PID 1. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
