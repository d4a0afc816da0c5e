/* SPDX-License-Identifier: MIT */
/* test-merge: a tree is laid over another one: what is there stays, what comes wins. */
#include "init/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "unit/scratch.h"
#include "unit/sysfs.h"

static int open_below(const struct scratch *s, const char *name)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", s->path, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void assert_text(int dir, const char *path, const char *text)
{
	_cleanup_free_ char *found = NULL;

	assert_int_equal(file_read(dir, path, 4096, &found, NULL), 0);
	assert_string_equal(found, text);
}

static void laid_over(void **state)
{
	_cleanup_close_ int from = -EBADF, to = -EBADF, kept = -EBADF;
	struct stat before, after;

	sysfs_write(*state, "/from/usr/lib/a", "new");
	sysfs_write(*state, "/from/usr/lib/b", "new");
	sysfs_write(*state, "/from/usr/lib/deep/er/c", "new");
	sysfs_write(*state, "/from/bin/d", "new");
	sysfs_write(*state, "/from/empty/e", "new");
	sysfs_write(*state, "/to/usr/lib/a", "old");
	sysfs_write(*state, "/to/usr/lib/z", "old");
	sysfs_write(*state, "/to/usr/bin/y", "old");
	from = open_below(*state, "from");
	to = open_below(*state, "to");
	assert_int_equal(symlinkat("usr/bin", to, "bin"), 0);
	assert_int_equal(mkdirat(to, "empty", 0755), 0);
	assert_int_equal(fstatat(to, "usr/lib", &before, 0), 0);
	/* What somebody has open is the old one still. */
	kept = openat(to, "usr/lib/a", O_RDONLY | O_CLOEXEC);

	assert_int_equal(merge(from, to), 0);
	assert_text(to, "usr/lib/a", "new");
	assert_text(to, "usr/lib/b", "new");
	assert_text(to, "usr/lib/z", "old");
	assert_text(to, "usr/lib/deep/er/c", "new");
	assert_text(to, "usr/bin/y", "old");
	assert_text(to, "empty/e", "new");
	/* A directory may be a link to one. */
	assert_text(to, "usr/bin/d", "new");
	assert_int_equal(fstatat(to, "usr/lib", &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(fstat(kept, &after), 0);
	assert_int_equal(after.st_nlink, 0);
	/* Nothing is left. */
	assert_true(faccessat(from, "usr", F_OK, 0) < 0);
	assert_true(faccessat(from, "bin", F_OK, 0) < 0);
}

static void what_cannot_be_is_an_error(void **state)
{
	_cleanup_close_ int from = -EBADF, to = -EBADF;

	sysfs_write(*state, "/from/x/y", "a file in a directory");
	sysfs_write(*state, "/to/x", "a file");
	from = open_below(*state, "from");
	to = open_below(*state, "to");
	assert_int_equal(merge(from, to), -ENOTDIR);
	assert_text(from, "x/y", "a file in a directory");
	assert_text(to, "x", "a file");
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(laid_over),
		in_scratch(what_cannot_be_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
