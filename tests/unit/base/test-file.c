/* SPDX-License-Identifier: MIT */
/*
 * test-file: whole files.
 * wrap: read write sendfile
 */
#include <dirent.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file.h"
#include "unit/scratch.h"

/* The kernel, made difficult: at most `chunk` bytes a call, and every second call interrupted. */
static struct {
	size_t chunk; /* 0: as usual */
	bool interrupt;
	unsigned int calls;
	unsigned int fail_at; /* the n-th call fails with `error`; 0: none */
	int error;
} kernel;

static bool kernel_fails(void)
{
	kernel.calls++;
	if (kernel.fail_at && kernel.calls == kernel.fail_at) {
		errno = kernel.error;
		return true;
	}
	errno = EINTR;
	return kernel.interrupt && kernel.calls % 2;
}

static size_t kernel_size(size_t size)
{
	return kernel.chunk ? MIN(size, kernel.chunk) : size;
}

ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size)
{
	return kernel_fails() ? -1 : __real_read(fd, data, kernel_size(size));
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	return kernel_fails() ? -1 : __real_write(fd, data, kernel_size(size));
}

ssize_t __real_sendfile(int to, int from, off_t *offset, size_t size);
ssize_t __wrap_sendfile(int to, int from, off_t *offset, size_t size);
ssize_t __wrap_sendfile(int to, int from, off_t *offset, size_t size)
{
	return kernel_fails() ? -1 : __real_sendfile(to, from, offset, kernel_size(size));
}

static int setup(void **state)
{
	memset(&kernel, 0, sizeof(kernel));
	return scratch_setup(state);
}

static void assert_content(const struct scratch *s, const char *path, const char *want)
{
	_cleanup_free_ char *text = NULL;
	size_t size;

	assert_int_equal(file_read(s->fd, path, 1 << 20, &text, &size), 0);
	assert_int_equal(size, strlen(want));
	assert_string_equal(text, want);
}

/* How many names are in the directory. */
static int names(const struct scratch *s)
{
	_cleanup_closedir_ DIR *dir = fdopendir(openat(s->fd, ".", O_RDONLY | O_DIRECTORY));
	int n = 0;

	while (readdir(dir))
		n++;
	return n - 2;
}

static void read_gives_all_and_a_nul(void **state)
{
	const struct scratch *s = *state;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;

	scratch_write(s, "f", "a\0b\n", 4);
	assert_int_equal(file_read(s->fd, "f", 4, &text, &size), 0);
	assert_int_equal(size, 4);
	assert_memory_equal(text, "a\0b\n", 5);
}

static void read_of_empty_file(void **state)
{
	const struct scratch *s = *state;

	scratch_write(s, "f", "", 0);
	assert_content(s, "f", "");
}

static void read_over_the_limit_is_efbig(void **state)
{
	const struct scratch *s = *state;
	char *text = (char *)"untouched";
	char data[9000];
	size_t size = 4711;

	memset(data, 'x', sizeof(data));
	scratch_write(s, "f", data, sizeof(data));
	assert_int_equal(file_read(s->fd, "f", sizeof(data) - 1, &text, &size), -EFBIG);
	assert_int_equal(file_read(s->fd, "f", 0, &text, &size), -EFBIG);
	assert_string_equal(text, "untouched");
	assert_int_equal(size, 4711);
	assert_int_equal(file_read(s->fd, "f", sizeof(data), &text, &size), 0);
	assert_int_equal(size, sizeof(data));
	free(text);
}

static void short_and_interrupted_reads(void **state)
{
	const struct scratch *s = *state;
	_cleanup_free_ char *text = NULL;
	char data[10000];
	size_t size;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)('a' + i % 23);
	scratch_write(s, "f", data, sizeof(data));
	kernel.chunk = 7;
	kernel.interrupt = true;
	assert_int_equal(file_read(s->fd, "f", 1 << 20, &text, &size), 0);
	assert_int_equal(size, sizeof(data));
	assert_memory_equal(text, data, size);
	assert_true(kernel.calls > 2 * sizeof(data) / 7);
}

static void read_error_is_passed_on(void **state)
{
	const struct scratch *s = *state;
	char *text = (char *)"untouched";

	scratch_write(s, "f", "abc", 3);
	kernel = (typeof(kernel)){ .chunk = 1, .fail_at = 3, .error = EIO };
	assert_int_equal(file_read(s->fd, "f", 10, &text, NULL), -EIO);
	assert_string_equal(text, "untouched");
	assert_int_equal(file_read(s->fd, "absent", 10, &text, NULL), -ENOENT);
	assert_int_equal(file_read(s->fd, ".", 10, &text, NULL), -EISDIR);
}

/* stat(2) says that this file has no bytes. */
static void read_of_proc_does_not_trust_sizes(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;

	assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 1 << 20, &text, &size), 0);
	assert_true(size > 100);
	assert_int_equal(strlen(text), size);
}

static void first_line(void **state)
{
	const struct scratch *s = *state;
	static const struct {
		const char *data, *line;
	} rows[] = {
		{ "one\ntwo\n", "one" }, { "one", "one" }, { "\ntwo", "" }, { "", "" },
		{ "a b \n", "a b " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *line = NULL;

		scratch_write(s, "f", rows[i].data, strlen(rows[i].data));
		assert_int_equal(file_read_line(s->fd, "f", &line), 0);
		assert_string_equal(line, rows[i].line);
	}
}

static void numbers(void **state)
{
	const struct scratch *s = *state;
	static const struct {
		const char *data;
		int result;
		uint64_t number;
	} rows[] = {
		{ "0\n", 0, 0 },
		{ "42", 0, 42 },
		{ "007\n", 0, 7 },
		{ "18446744073709551615\n", 0, UINT64_MAX },
		{ "18446744073709551616\n", -EINVAL, 0 },
		{ "-1\n", -EINVAL, 0 },
		{ "+1\n", -EINVAL, 0 },
		{ " 1\n", -EINVAL, 0 },
		{ "1 \n", -EINVAL, 0 },
		{ "0x10\n", -EINVAL, 0 },
		{ "\n1\n", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t n = 4711;
		int r;

		scratch_write(s, "f", rows[i].data, strlen(rows[i].data));
		r = file_read_u64(s->fd, "f", &n);
		if (r != rows[i].result || n != (r < 0 ? 4711 : rows[i].number))
			fail_msg("<%s>: %d, %llu", rows[i].data, r, (unsigned long long)n);
	}
}

static void write_creates_and_truncates(void **state)
{
	const struct scratch *s = *state;
	struct stat st;

	umask(022);
	assert_int_equal(file_write(s->fd, "f", "longer text", 0640), 0);
	assert_int_equal(file_write(s->fd, "f", "short", 0600), 0);
	assert_content(s, "f", "short");
	assert_int_equal(fstatat(s->fd, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void write_does_not_follow_links(void **state)
{
	const struct scratch *s = *state;

	scratch_write(s, "victim", "kept", 4);
	assert_int_equal(symlinkat("victim", s->fd, "link"), 0);
	assert_int_equal(file_write(s->fd, "link", "x", 0600), -ELOOP);
	assert_content(s, "victim", "kept");
}

static void short_and_interrupted_writes(void **state)
{
	const struct scratch *s = *state;

	kernel.chunk = 2;
	kernel.interrupt = true;
	assert_int_equal(file_write(s->fd, "f", "hello, world", 0600), 0);
	kernel = (typeof(kernel)){ 0 };
	assert_content(s, "f", "hello, world");

	kernel = (typeof(kernel)){ .chunk = 4, .fail_at = 3, .error = ENOSPC };
	assert_int_equal(file_write(s->fd, "f", "hello, world", 0600), -ENOSPC);
}

static void copy_copies(void **state)
{
	const struct scratch *s = *state;
	struct stat st;

	scratch_write(s, "from", "content", 7);
	scratch_write(s, "to", "what was there", 14);
	kernel.chunk = 3;
	kernel.interrupt = true;
	assert_int_equal(file_copy(s->fd, "from", s->fd, "to", 0751), 0);
	kernel = (typeof(kernel)){ 0 };
	assert_content(s, "to", "content");
	assert_int_equal(fstatat(s->fd, "to", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
	assert_int_equal(names(s), 2);
}

static void copy_gets_over_an_old_temporary_file(void **state)
{
	const struct scratch *s = *state;

	scratch_write(s, "from", "content", 7);
	scratch_write(s, "victim", "kept", 4);
	assert_int_equal(symlinkat("victim", s->fd, "to.new"), 0);
	assert_int_equal(file_copy(s->fd, "from", s->fd, "to", 0600), 0);
	assert_content(s, "to", "content");
	assert_content(s, "victim", "kept");
	assert_int_equal(names(s), 3);
}

static void copy_that_fails_leaves_nothing_behind(void **state)
{
	const struct scratch *s = *state;

	scratch_write(s, "from", "content", 7);
	scratch_write(s, "to", "kept", 4);
	kernel = (typeof(kernel)){ .chunk = 3, .fail_at = 2, .error = ENOSPC };
	assert_int_equal(file_copy(s->fd, "from", s->fd, "to", 0600), -ENOSPC);
	kernel = (typeof(kernel)){ 0 };
	assert_content(s, "to", "kept");
	assert_int_equal(names(s), 2);

	/* The rename fails. */
	assert_int_equal(mkdirat(s->fd, "dir", 0755), 0);
	assert_int_equal(file_copy(s->fd, "from", s->fd, "dir", 0600), -EISDIR);
	assert_int_equal(file_copy(s->fd, "absent", s->fd, "to", 0600), -ENOENT);
	assert_int_equal(file_copy(s->fd, "from", s->fd, "no/such", 0600), -ENOENT);
	assert_int_equal(names(s), 3);
}

/* A fifo would block PID 1 for ever, a device would never end. */
static void copy_takes_regular_files_only(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(mkfifoat(s->fd, "fifo", 0600), 0);
	assert_int_equal(mkdirat(s->fd, "dir", 0700), 0);
	(void)alarm(10);
	assert_int_equal(file_copy(s->fd, "fifo", s->fd, "to", 0600), -EINVAL);
	assert_int_equal(file_copy(AT_FDCWD, "/dev/zero", s->fd, "to", 0600), -EINVAL);
	assert_int_equal(file_copy(s->fd, "dir", s->fd, "to", 0600), -EINVAL);
	(void)alarm(0);
	assert_int_equal(names(s), 2);
}

static void mkdir_parents_makes_what_is_missing(void **state)
{
	const struct scratch *s = *state;
	struct stat st;

	umask(022);
	assert_int_equal(file_mkdir_parents(s->fd, "a/b//c/", 0755), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "a/b/c", 0700), 0);
	assert_int_equal(fstatat(s->fd, "a/b/c", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	assert_int_equal(file_mkdir_parents(s->fd, ".", 0755), 0);
	assert_int_equal(file_mkdir_parents(AT_FDCWD, "/", 0755), 0);
	assert_int_equal(file_mkdir_parents(AT_FDCWD, s->path, 0755), 0);
}

static void mkdir_parents_through_a_link(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(mkdirat(s->fd, "usr", 0755), 0);
	assert_int_equal(symlinkat("usr", s->fd, "lib"), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "lib/x", 0755), 0);
	assert_int_equal(faccessat(s->fd, "usr/x", F_OK, 0), 0);
}

static void mkdir_parents_on_a_file(void **state)
{
	const struct scratch *s = *state;

	scratch_write(s, "file", "", 0);
	assert_int_equal(symlinkat("nowhere", s->fd, "dangling"), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "file", 0755), -ENOTDIR);
	assert_int_equal(file_mkdir_parents(s->fd, "file/a", 0755), -ENOTDIR);
	assert_int_equal(file_mkdir_parents(s->fd, "dangling", 0755), -ENOENT);
	assert_int_equal(file_mkdir_parents(s->fd, "", 0755), -ENOENT);
}

#define with_scratch(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_scratch(read_gives_all_and_a_nul),
		with_scratch(read_of_empty_file),
		with_scratch(read_over_the_limit_is_efbig),
		with_scratch(short_and_interrupted_reads),
		with_scratch(read_error_is_passed_on),
		with_scratch(read_of_proc_does_not_trust_sizes),
		with_scratch(first_line),
		with_scratch(numbers),
		with_scratch(write_creates_and_truncates),
		with_scratch(write_does_not_follow_links),
		with_scratch(short_and_interrupted_writes),
		with_scratch(copy_copies),
		with_scratch(copy_gets_over_an_old_temporary_file),
		with_scratch(copy_that_fails_leaves_nothing_behind),
		with_scratch(copy_takes_regular_files_only),
		with_scratch(mkdir_parents_makes_what_is_missing),
		with_scratch(mkdir_parents_through_a_link),
		with_scratch(mkdir_parents_on_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
