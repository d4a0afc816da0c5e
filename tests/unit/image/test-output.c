/* SPDX-License-Identifier: MIT */
/*
 * test-output: a file that is whole or the old one, whatever the system refuses.
 * wrap: write fsync renameat fallocate
 */
#include <errno.h>
#include <sys/file.h>

#include "image/output.h"
#include "unit/image/root.h"

/* The call that fails, and with what. */
static struct {
	const char *call;
	int error;
	unsigned int fsyncs;
} kernel;

static bool refused(const char *call)
{
	if (!kernel.call || !streq(kernel.call, call))
		return false;
	errno = kernel.error;
	return true;
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	return fd > 2 && refused("write") ? -1 : __real_write(fd, data, size);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	kernel.fsyncs++;
	return refused("fsync") ? -1 : __real_fsync(fd);
}

int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	/* All of it is on disk before the old file goes. */
	assert_int_equal(kernel.fsyncs, 1);
	return refused("renameat") ? -1 : __real_renameat(from_dir, from, to_dir, to);
}

int __real_fallocate(int fd, int mode, off_t offset, off_t size);
int __wrap_fallocate(int fd, int mode, off_t offset, off_t size);
int __wrap_fallocate(int fd, int mode, off_t offset, off_t size)
{
	return refused("fallocate") ? -1 : __real_fallocate(fd, mode, offset, size);
}

static int setup(void **state)
{
	memset(&kernel, 0, sizeof(kernel));
	return scratch_setup(state);
}

static int write_image(const struct scratch *s, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/image", s->path);
	return output_write(path, text, strlen(text));
}

static void assert_image(const struct scratch *s, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	struct stat st;

	assert_int_equal(file_read(s->fd, "image", 1000, &text, NULL), 0);
	assert_string_equal(text, expected);
	assert_int_equal(fstatat(s->fd, "image", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(faccessat(s->fd, ".image.slipway", F_OK, 0), -1);
}

static void writes_and_replaces(void **state)
{
	mode_t old = umask(0);

	assert_int_equal(write_image(*state, "first"), 0);
	assert_image(*state, "first");
	kernel.fsyncs = 0;
	assert_int_equal(write_image(*state, "second, longer"), 0);
	assert_image(*state, "second, longer");
	/* The file, and the directory that names it. */
	assert_int_equal(kernel.fsyncs, 2);
	(void)umask(old);
}

static void what_fails_keeps_the_old_file(void **state)
{
	static const struct {
		const char *call;
		int error;
	} rows[] = {
		{ "fallocate", ENOSPC }, { "fallocate", EFBIG }, { "write", ENOSPC },
		{ "write", EDQUOT },     { "write", EIO },       { "fsync", EIO },
		{ "renameat", EIO },
	};

	assert_int_equal(write_image(*state, "old"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		kernel.fsyncs = 0;
		kernel.call = rows[i].call;
		kernel.error = rows[i].error;
		assert_int_equal(write_image(*state, "new"), -rows[i].error);
		kernel.call = NULL;
		assert_image(*state, "old");
	}
}

/* A file system that cannot take room beforehand is asked, and written to. */
static void fallocate_is_not_needed(void **state)
{
	kernel.call = "fallocate";
	kernel.error = EOPNOTSUPP;
	assert_int_equal(write_image(*state, "text"), 0);
	assert_image(*state, "text");
}

static void what_a_killed_build_left_is_taken_over(void **state)
{
	struct scratch *s = *state;

	root_file(s, ".image.slipway", "a long text that was left by another", 0644);
	assert_int_equal(write_image(s, "new"), 0);
	assert_image(s, "new");
}

static void two_at_once_do_not_mix(void **state)
{
	struct scratch *s = *state;
	_cleanup_close_ int other = -EBADF;

	assert_int_equal(write_image(s, "old"), 0);
	other = openat(s->fd, ".image.slipway", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(other, LOCK_EX), 0);
	kernel.fsyncs = 0;
	assert_int_equal(write_image(s, "new"), -EBUSY);
	assert_int_equal(unlinkat(s->fd, ".image.slipway", 0), 0);
	assert_image(s, "old");
}

static void a_trap_at_the_temporary_name_is_not_written_to(void **state)
{
	struct scratch *s = *state;
	_cleanup_free_ char *text = NULL;

	root_file(s, "victim", "victim", 0644);
	root_link(s, ".image.slipway", "victim");
	assert_int_equal(write_image(s, "new"), -ELOOP);
	assert_int_equal(unlinkat(s->fd, ".image.slipway", 0), 0);
	assert_int_equal(linkat(s->fd, "victim", s->fd, ".image.slipway", 0), 0);
	assert_int_equal(write_image(s, "new"), -EPERM);
	assert_int_equal(file_read(s->fd, "victim", 100, &text, NULL), 0);
	assert_string_equal(text, "victim");
}

static void no_directory(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/none/image", ((struct scratch *)*state)->path);
	assert_int_equal(output_write(path, "x", 1), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writes_and_replaces),
		TEST(what_fails_keeps_the_old_file),
		TEST(fallocate_is_not_needed),
		TEST(what_a_killed_build_left_is_taken_over),
		TEST(two_at_once_do_not_mix),
		TEST(a_trap_at_the_temporary_name_is_not_written_to),
		TEST(no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
