/* SPDX-License-Identifier: MIT */
/*
 * test-oldroot: what is deleted of the initramfs, and above all what is not.
 * wrap: fstatfs fstat stat
 */
#include <errno.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/macro.h"
#include "init/oldroot.h"
#include "unit/scratch.h"

static struct {
	long magic;      /* of the file system that is asked for */
	bool same;       /* "/" is that file system */
	ino_t mounted;   /* this directory is another file system */
	dev_t dev;       /* 0: what it is */
	int statfs_error, stat_error;
} fake;

int __real_fstatfs(int fd, struct statfs *ret);
int __wrap_fstatfs(int fd, struct statfs *ret);
int __wrap_fstatfs(int fd, struct statfs *ret)
{
	errno = fake.statfs_error;
	if (errno)
		return -1;
	*ret = (struct statfs){ .f_type = (__typeof__(ret->f_type))fake.magic };
	return 0;
}

int __real_fstat(int fd, struct stat *ret);
int __wrap_fstat(int fd, struct stat *ret);
int __wrap_fstat(int fd, struct stat *ret)
{
	int r = __real_fstat(fd, ret);

	if (r == 0 && fake.dev)
		ret->st_dev = fake.dev;
	if (r == 0 && fake.mounted && ret->st_ino == fake.mounted)
		ret->st_dev += 1;
	return r;
}

int __real_stat(const char *path, struct stat *ret);
int __wrap_stat(const char *path, struct stat *ret);
int __wrap_stat(const char *path, struct stat *ret)
{
	int r = __real_stat("/tmp", ret);

	assert_string_equal(path, "/");
	errno = fake.stat_error;
	if (errno)
		return -1;
	if (!fake.same)
		ret->st_dev += 2;
	return r;
}

/* Deeper than one level; links that lead out; what is no file and no directory. */
static void fill(const struct scratch *s)
{
	memset(&fake, 0, sizeof(fake));
	assert_int_equal(file_mkdir_parents(s->fd, "usr/lib/modules/6.1", 0755), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "empty", 0755), 0);
	scratch_write(s, "init", "x", 1);
	scratch_write(s, "usr/lib/modules/6.1/modules.dep", "x", 1);
	assert_int_equal(symlinkat("/", s->fd, "usr/out"), 0);
	assert_int_equal(symlinkat("usr/lib", s->fd, "lib"), 0);
	assert_int_equal(mkfifoat(s->fd, "fifo", 0600), 0);
	assert_int_equal(mkdirat(s->fd, "closed", 0000), 0);
}

static bool there(const struct scratch *s, const char *path)
{
	return faccessat(s->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int left(const struct scratch *s)
{
	DIR *dir = opendir(s->path);
	int n = -2;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	assert_int_equal(closedir(dir), 0);
	return n;
}

/* The code takes the descriptor, whatever it does. */
static int empty(const struct scratch *s)
{
	int fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	assert_true(fd >= 0);
	r = oldroot_empty(fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	return r;
}

static void memory_is_given_back(void **state)
{
	static const long magics[] = { RAMFS_MAGIC, TMPFS_MAGIC };
	const struct scratch *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		fill(s);
		fake.magic = magics[i];
		assert_int_equal(empty(s), 0);
		assert_int_equal(left(s), 0);
	}
	/* The link was deleted, not what it led to. */
	assert_int_equal(access("/tmp", F_OK), 0);
}

/* A real root file system would be gone. */
static void disk_is_left_alone(void **state)
{
	static const long magics[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, SQUASHFS_MAGIC, 0,
	};
	const struct scratch *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		if (i == 0)
			fill(s);
		fake.magic = magics[i];
		assert_int_equal(empty(s), -ENOTTY);
	}
	assert_int_equal(left(s), 6);
	assert_true(there(s, "usr/lib/modules/6.1/modules.dep"));
}

/* But for one in memory. */
static void ramdisk_is_emptied(void **state)
{
	const struct scratch *s = *state;

	fill(s);
	fake.magic = EXT4_SUPER_MAGIC;
	fake.dev = makedev(RAMDISK_MAJOR + 1, 0);
	assert_int_equal(empty(s), -ENOTTY);
	fake.dev = makedev(RAMDISK_MAJOR, 0);
	assert_int_equal(empty(s), 0);
	assert_int_equal(left(s), 0);
}

/* The switch has not happened, or the root itself is a tmpfs. */
static void root_we_stand_in_is_left_alone(void **state)
{
	const struct scratch *s = *state;

	fill(s);
	fake.magic = TMPFS_MAGIC;
	fake.same = true;
	assert_int_equal(empty(s), -EXDEV);
	assert_int_equal(left(s), 6);
}

static void mounts_are_not_entered(void **state)
{
	const struct scratch *s = *state;
	struct stat st;

	fill(s);
	assert_int_equal(fstatat(s->fd, "usr/lib/modules", &st, 0), 0);
	fake.mounted = st.st_ino;
	fake.magic = TMPFS_MAGIC;
	assert_int_equal(empty(s), 0);
	assert_true(there(s, "usr/lib/modules/6.1/modules.dep"));
	/* All else is gone. */
	assert_int_equal(left(s), 1);
	assert_false(there(s, "usr/out"));
}

static void what_cannot_be_asked_is_not_deleted(void **state)
{
	const struct scratch *s = *state;

	fill(s);
	fake.magic = TMPFS_MAGIC;
	fake.statfs_error = EIO;
	assert_int_equal(empty(s), -EIO);
	fake.statfs_error = 0;
	fake.stat_error = EACCES;
	assert_int_equal(empty(s), -EACCES);
	assert_int_equal(left(s), 6);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(memory_is_given_back),
		in_scratch(disk_is_left_alone),
		in_scratch(ramdisk_is_emptied),
		in_scratch(root_we_stand_in_is_left_alone),
		in_scratch(mounts_are_not_entered),
		in_scratch(what_cannot_be_asked_is_not_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
