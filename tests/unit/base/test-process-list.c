/* SPDX-License-Identifier: MIT */
/* test-process-list: who runs, read from /proc. */
#include <errno.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "base/process.h"
#include "unit/base/fake-process.h"

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

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(list_reads_stat),
		in_scratch(list_leaves_out_the_caller),
		in_scratch(storage_daemons_are_really_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
