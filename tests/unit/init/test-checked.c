/* SPDX-License-Identifier: MIT */
/*
 * test-checked: the drop-in that keeps systemd from checking /usr again, and its way out.
 * wrap: file_mkdir_parents file_write unlink rmdir
 * wrap: log_line log_console log_errno
 */
#include <errno.h>

#include "base/file.h"
#include "init/checked.h"
#include "remove.h"
#include "unit/trace.h"

#define UNIT "systemd-fsck@dev-vdb.service"
#define DIR  "/run/systemd/system/" UNIT ".d"

int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode);
int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode)
{
	return trace_call_errno("mkdir %s %o", path, mode);
}

int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode);
int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode)
{
	assert_non_null(strstr(text, "\n[Unit]\nConditionPathExists=!/run/initramfs/usr-fsck\n"));
	return trace_call_errno("write %s %o", path, mode);
}

static int setup(void **state)
{
	trace_reset(0, 0);
	return 0;
}

static void written_where_it_ran(void **state)
{
	const struct fsck_result check = { .ran = true, .code = 1, .unit = (char *)UNIT };

	assert_int_equal(checked_write(&check), 0);
	assert_string_equal(traced.text, "mkdir " DIR " 755\nwrite " DIR "/50-slipway.conf 644\n");
	trace_reset(1, EROFS);
	assert_int_equal(checked_write(&check), -EROFS);
	assert_string_equal(traced.text, "mkdir " DIR " 755\n");
}

/* No check, no unit, or one that left something to be mended: systemd makes its own. */
static void nothing_where_there_is_something_to_do(void **state)
{
	static const struct fsck_result checks[] = {
		{ 0 },
		{ .ran = true },
		{ .unit = (char *)UNIT },
		{ .ran = true, .code = 8, .unit = (char *)UNIT },
		{ .ran = true, .code = 4, .unit = (char *)UNIT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		assert_int_equal(checked_write(&checks[i]), 0);
		checked_remove(&checks[i]);
	}
	assert_string_equal(traced.text, "");
}

/* Whoever looks for /run/systemd/system would take the other init for systemd. */
static void taken_back_with_its_directories(void **state)
{
	const struct fsck_result check = { .ran = true, .unit = (char *)UNIT };

	checked_remove(&check);
	assert_string_equal(traced.text, "unlink " DIR "/50-slipway.conf\nrmdir " DIR
					 "\nrmdir /run/systemd/system\nrmdir /run/systemd\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(written_where_it_ran, setup),
		cmocka_unit_test_setup(nothing_where_there_is_something_to_do, setup),
		cmocka_unit_test_setup(taken_back_with_its_directories, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
