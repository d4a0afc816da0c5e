/* SPDX-License-Identifier: MIT */
/*
 * test-unit: a unit of our own for systemd, and its way out. Drop-ins: test-checked.
 * wrap: file_mkdir_parents file_write unlink rmdir
 * wrap: log_line log_console log_errno
 */
#include <errno.h>

#include "base/file.h"
#include "init/unit.h"
#include "remove.h"
#include "unit/trace.h"

int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode);
int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode)
{
	return trace_call_errno("mkdir %s %o", path, mode);
}

int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode);
int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode)
{
	return trace_call_errno("write %s %s %o", path, text, mode);
}

static void made(void **state)
{
	trace_reset(0, 0);
	assert_int_equal(unit_make("a.service", "[Unit]"), 0);
	assert_string_equal(traced.text,
		"mkdir /run/systemd/system 755\nwrite /run/systemd/system/a.service [Unit] 644\n");
	for (unsigned int line = 1; line <= 2; line++) {
		trace_reset(line, EROFS);
		assert_int_equal(unit_make("a.service", "[Unit]"), -EROFS);
	}
}

static void unmade(void **state)
{
	trace_reset(0, 0);
	unit_unmake("a.service");
	assert_string_equal(traced.text,
		"unlink /run/systemd/system/a.service\nrmdir /run/systemd/system\nrmdir /run/systemd\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made),
		cmocka_unit_test(unmade),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
