/* SPDX-License-Identifier: MIT */
/* test-worker: one function in a fork of us, its record and its end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/macro.h"
#include "base/worker.h"
#include "unit/unit.h"

#define SOON (clock_monotonic() + 20 * USEC_PER_SEC)

static int descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int no_child_is_left(void **state)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1;
}

/* What a worker does is told by a struct. */
struct work {
	size_t bytes;
	int result;
	int kill; /* by that signal */
	bool stay;
};

static int work(int fd, void *data)
{
	const struct work *w = data;
	char block[4096];

	memset(block, 'x', sizeof(block));
	for (size_t left = w->bytes; left > 0;) {
		size_t n = MIN(left, sizeof(block));
		int r = file_write_fd(fd, block, n);

		if (r < 0)
			return r;
		left -= n;
	}
	if (w->kill)
		(void)raise(w->kill);
	for (int i = 0; w->stay && i < 200; i++)
		usleep(100 * 1000);
	return w->result;
}

static void record_comes_back_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 100000, 1 << 20 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct work w = { .bytes = sizes[i] };
		_cleanup_free_ char *record = NULL;
		size_t size = 4711;

		assert_int_equal(worker_call(work, &w, SOON, &record, &size), 0);
		assert_int_equal(size, sizes[i]);
		assert_int_equal(strlen(record), sizes[i]);
		assert_int_equal(strspn(record, "x"), sizes[i]);
	}
}

static void result_is_the_functions(void **state)
{
	static const int results[] = { 0, -EPERM, -ENOENT, -EHWPOISON, -199 };

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		struct work w = { .result = results[i] };

		assert_int_equal(worker_call(work, &w, SOON, NULL, NULL), results[i]);
	}
}

/* An exit code has no room for it, and a failure must not become a success. */
static void result_that_is_no_errno_is_eio(void **state)
{
	static const int results[] = { -200, -256, -512, -4095, INT32_MIN };

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		struct work w = { .result = results[i] };

		assert_int_equal(worker_call(work, &w, SOON, NULL, NULL), -EIO);
	}
}

static void record_may_say_why_it_failed(void **state)
{
	struct work w = { .bytes = 10, .result = -ENODEV };
	_cleanup_free_ char *record = NULL;
	size_t size = 0;

	assert_int_equal(worker_call(work, &w, SOON, &record, &size), -ENODEV);
	assert_string_equal(record, "xxxxxxxxxx");
	assert_int_equal(size, 10);
}

static void too_long_a_record_is_efbig(void **state)
{
	struct work w = { .bytes = (1 << 20) + 1, .stay = true };
	uint64_t start = clock_monotonic();

	assert_int_equal(worker_call(work, &w, SOON, NULL, NULL), -EFBIG);
	assert_true(clock_monotonic() - start < 10 * USEC_PER_SEC);
}

static void deadline_ends_it(void **state)
{
	struct work w = { .bytes = 10, .stay = true };
	uint64_t start = clock_monotonic();
	char *record = (char *)"untouched";

	assert_int_equal(worker_call(work, &w, start + 50000, &record, NULL), -ETIMEDOUT);
	assert_in_range(clock_monotonic() - start, 50000, 10 * USEC_PER_SEC);
	assert_string_equal(record, "untouched");
}

static int close_and_stay(int fd, void *data)
{
	(void)close(fd);
	return work(-1, data);
}

/* The record is whole, but the function goes on. */
static void deadline_holds_after_the_record(void **state)
{
	struct work w = { .stay = true };
	uint64_t start = clock_monotonic();

	assert_int_equal(worker_call(close_and_stay, &w, start + 50000, NULL, NULL), -ETIMEDOUT);
	assert_in_range(clock_monotonic() - start, 50000, 10 * USEC_PER_SEC);
}

static void death_by_signal_is_epipe(void **state)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGABRT };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct work w = { .bytes = 5, .kill = signals[i] };

		assert_int_equal(worker_call(work, &w, SOON, NULL, NULL), -EPIPE);
	}
}

static int change(int fd, void *data)
{
	*(int *)data = 2;
	return 0;
}

static void worker_changes_nothing_here(void **state)
{
	int value = 1;

	assert_int_equal(worker_call(change, &value, SOON, NULL, NULL), 0);
	assert_int_equal(value, 1);
}

static int tell_mask(int fd, void *data)
{
	struct sigaction action;
	sigset_t blocked;

	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	(void)sigaction(SIGUSR1, NULL, &action);
	return sigismember(&blocked, SIGTERM) || action.sa_handler != SIG_DFL ? -EBUSY : 0;
}

/* PID 1 blocks its signals for signalfd; a worker that did could not be ended by SIGTERM. */
static void worker_has_default_signals(void **state)
{
	sigset_t all, old;
	int r;

	assert_int_equal(sigfillset(&all), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &all, &old), 0);
	(void)signal(SIGUSR1, SIG_IGN);
	r = worker_call(tell_mask, NULL, SOON, NULL, NULL);
	(void)signal(SIGUSR1, SIG_DFL);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	assert_int_equal(r, 0);
}

/* As the loop of PID 1 uses it: poll, read, finish. */
static void several_at_once(void **state)
{
	struct work slow = { .bytes = 3, .result = -EIO }, fast = { .bytes = 70000 };
	_cleanup_(worker_free) struct worker a = WORKER_NONE, b = WORKER_NONE;
	bool done_a = false, done_b = false;

	assert_int_equal(worker_start(work, &slow, SOON, &a), 0);
	assert_int_equal(worker_start(work, &fast, SOON, &b), 0);
	while (!done_a || !done_b) {
		struct pollfd p[] = {
			{ .fd = done_a ? -1 : a.fd, .events = POLLIN },
			{ .fd = done_b ? -1 : b.fd, .events = POLLIN },
		};

		assert_true(poll(p, 2, 20000) > 0);
		if (p[0].revents)
			done_a = worker_read(&a) == 1;
		if (p[1].revents)
			done_b = worker_read(&b) == 1;
	}
	assert_int_equal(a.size, 3);
	assert_int_equal(b.size, 70000);
	assert_int_equal(worker_finish(&b), 0);
	assert_int_equal(worker_finish(&a), -EIO);
}

/* Reading does not block while the worker has nothing to say. */
static void read_does_not_block(void **state)
{
	struct work w = { .stay = true };
	_cleanup_(worker_free) struct worker k = WORKER_NONE;

	assert_int_equal(worker_start(work, &w, SOON, &k), 0);
	assert_int_equal(worker_read(&k), 0);
	assert_string_equal(k.record, "");
}

static void free_ends_a_running_one(void **state)
{
	struct work w = { .stay = true };
	struct worker k = WORKER_NONE;
	int before = descriptors();

	assert_int_equal(worker_start(work, &w, SOON, &k), 0);
	assert_int_equal(descriptors(), before + 1);
	worker_free(&k);
	assert_int_equal(k.pid, 0);
	assert_int_equal(descriptors(), before);
	worker_free(&k);
}

static int start_and_die(int fd, void *data)
{
	struct work stay = { .stay = true };
	struct worker w = WORKER_NONE;

	if (worker_start(work, &stay, USEC_FOREVER, &w) < 0)
		return -EIO;
	/* At once, before it could ask for the signal, or when it has. */
	usleep(*(useconds_t *)data);
	return file_write_fd(fd, &w.pid, sizeof(w.pid));
}

/* What PID 1 started must not outlive it as an orphan that holds a device. */
static void worker_dies_with_its_parent(void **state)
{
	for (useconds_t after = 0; after <= 200000; after += 100000) {
		_cleanup_free_ char *record = NULL;
		size_t size = 0;
		pid_t pid;

		assert_int_equal(worker_call(start_and_die, &after, SOON, &record, &size), 0);
		assert_int_equal(size, sizeof(pid));
		memcpy(&pid, record, sizeof(pid));
		for (int i = 0; i < 500 && kill(pid, 0) == 0; i++) {
			(void)waitpid(pid, NULL, WNOHANG); /* where the test is whom orphans come to */
			usleep(10000);
		}
		assert_int_equal(kill(pid, 0), -1);
	}
}

#define alone(test) cmocka_unit_test_teardown(test, no_child_is_left)

int main(void)
{
	const struct CMUnitTest tests[] = {
		alone(record_comes_back_whole),
		alone(result_is_the_functions),
		alone(result_that_is_no_errno_is_eio),
		alone(record_may_say_why_it_failed),
		alone(too_long_a_record_is_efbig),
		alone(deadline_ends_it),
		alone(deadline_holds_after_the_record),
		alone(death_by_signal_is_epipe),
		alone(worker_changes_nothing_here),
		alone(worker_has_default_signals),
		alone(several_at_once),
		alone(read_does_not_block),
		alone(free_ends_a_running_one),
		alone(worker_dies_with_its_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
