/* SPDX-License-Identifier: MIT */
/*
 * test-load: what the stage asks for, in which order. The root is a scratch directory.
 * wrap: open loop_open modules_ask modules_start
 * wrap: log_line log_console log_errno
 */
#include "init/run.h"
#include "init/stages.h"
#include "unit/sysfs.h"
#include "unit/trace.h"

#define T(s) ((char *)(s))

static const char *root;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	return __real_open(streq(path, "/") ? root : path, flags, 0644);
}

int __wrap_loop_open(struct run *run);
int __wrap_loop_open(struct run *run)
{
	return trace_call_errno("listen");
}

int __wrap_modules_ask(struct modules *m, const char *alias);
int __wrap_modules_ask(struct modules *m, const char *alias)
{
	return trace_call_errno("ask %s", alias);
}

int __wrap_modules_start(struct run *run);
int __wrap_modules_start(struct run *run)
{
	return trace_call_errno("start");
}

static int setup(void **state)
{
	if (scratch_setup(state) < 0)
		return -1;
	root = ((const struct scratch *)*state)->path;
	trace_reset(0, 0);
	return 0;
}

static void run_free(struct run *run)
{
	profile_free(&run->profile);
}

static void listed_ones_come_first(void **state)
{
	char *words[] = { T("early"), T("ext4"), NULL };
	_cleanup_(run_free) struct run run = { .boot.modules = words, .loop = LOOP_CLOSED };

	sysfs_write(*state, "/etc/modules-load.d/20-b.conf",
		    "# comment\n; another\n\n  virtio_blk \next4\r\n\tusb-storage # why\nlast");
	sysfs_write(*state, "/etc/modules-load.d/10-a.conf", "nvme\n");
	sysfs_write(*state, "/etc/modules-load.d/readme", "no\n");
	sysfs_write(*state, "/usr/lib/modules-load.d/20-b.conf", "masked\n");
	sysfs_write(*state, "/usr/lib/modules-load.d/30-c.conf", "dm_mod\n");
	assert_int_equal(load_modules(&run), 0);
	assert_string_equal(traced.text, "ask early\nask ext4\nask nvme\nask virtio_blk\nask ext4\nask usb-storage\n"
					 "ask last\nask dm_mod\nlisten\nstart\n");
	trace_reset(2, ENOMEM);
	assert_int_equal(load_modules(&run), -ENOMEM);
	assert_string_equal(traced.text, "ask early\nask ext4\n"
			    "error: cannot listen for devices and load modules: Cannot allocate memory\n");
}

static void nothing_is_listed(void **state)
{
	_cleanup_(run_free) struct run run = { .loop = LOOP_CLOSED };

	assert_int_equal(load_modules(&run), 0);
	assert_string_equal(traced.text, "listen\nstart\n");
	trace_reset(1, EPERM);
	assert_int_equal(load_modules(&run), -EPERM);
	assert_string_equal(traced.text,
			    "listen\nerror: cannot listen for devices and load modules: Operation not permitted\n");
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(listed_ones_come_first),
		in_scratch(nothing_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
