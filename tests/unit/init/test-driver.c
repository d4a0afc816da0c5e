/* SPDX-License-Identifier: MIT */
/*
 * test-driver: which file systems the kernel knows, and what is asked of the modules for the others.
 * wrap: file_read modules_ask_first modules_start modules_need
 */
#include "init/driver.h"

#include <errno.h>

#include "base/file.h"
#include "init/run.h"
#include "unit/trace.h"

static const char *filesystems;

int __wrap_file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size);
int __wrap_file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size)
{
	assert_string_equal(path, "/proc/filesystems");
	*ret = filesystems ? strdup(filesystems) : NULL;
	return *ret ? 0 : -ENOENT;
}

int __wrap_modules_ask_first(struct modules *m, const char *alias);
int __wrap_modules_ask_first(struct modules *m, const char *alias)
{
	return trace_call_errno("ask %s", alias);
}

int __wrap_modules_start(struct run *run);
int __wrap_modules_start(struct run *run)
{
	return trace_call_errno("start");
}

int __wrap_modules_need(struct run *run, const char *alias);
int __wrap_modules_need(struct run *run, const char *alias)
{
	return trace_call_errno("need %s", alias);
}

static void what_is_asked(void **state)
{
	static const struct {
		const char *types, *ask, *wait;
	} rows[] = {
		{ "ext4", "start\n", "" },
		{ "proc", "start\n", "" },
		{ "xfs", "ask fs-xfs\nstart\n", "need fs-xfs\n" },
		{ "ext", "ask fs-ext\nstart\n", "need fs-ext\n" },
		{ "nodev", "ask fs-nodev\nstart\n", "need fs-nodev\n" },
		{ "xfs,ext4,vfat", "ask fs-xfs\nask fs-vfat\nstart\n", "need fs-xfs\nneed fs-vfat\n" },
	};
	struct run run = { 0 };

	filesystems = "nodev\tproc\n\text4\nnodev\tsysfs\n\tiso9660";
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		trace_reset(0, 0);
		assert_int_equal(driver_ask(&run, rows[i].types), 0);
		assert_string_equal(traced.text, rows[i].ask);
		trace_reset(0, 0);
		assert_int_equal(driver_wait(&run, rows[i].types), 0);
		assert_string_equal(traced.text, rows[i].wait);
	}
	trace_reset(1, EIO);
	assert_int_equal(driver_ask(&run, "xfs,vfat"), -EIO);
	assert_string_equal(traced.text, "ask fs-xfs\n");
	trace_reset(1, EIO);
	assert_int_equal(driver_wait(&run, "xfs,vfat"), -EIO);
	assert_string_equal(traced.text, "need fs-xfs\n");
	/* Without /proc it is mount(2) that says so. */
	filesystems = NULL;
	assert_true(driver_is_there("xfs"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_asked) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
