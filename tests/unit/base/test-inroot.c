/* SPDX-License-Identifier: MIT */
/*
 * test-inroot: paths of another root.
 * wrap: syscall
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/inroot.h"
#include "base/macro.h"
#include "unit/scratch.h"

static int busy; /* so many openat2(2) in a row say that they raced with a rename */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long a[4];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (busy > 0) {
		busy--;
		errno = EAGAIN;
		return -1;
	}
	return __real_syscall(number, a[0], a[1], a[2], a[3]);
}

/* A root with a merged /usr, absolute links and links that lead out of it. */
static int setup(void **state)
{
	static const struct {
		const char *name, *to;
	} links[] = {
		{ "root/sbin", "usr/sbin" },
		{ "root/usr/sbin/init", "../lib/systemd/systemd" },
		{ "root/absolute", "/usr/lib/systemd/systemd" },
		{ "root/out", "../../../../outside" },
		{ "root/loop", "loop" },
		{ "root/dangling", "/usr/none" },
		{ "root/magic", "/proc/self/exe" },
	};
	static const char *const dirs[] = { "root/usr/sbin", "root/usr/lib/systemd", "root/proc" };
	const struct scratch *s;

	busy = 0;
	if (scratch_setup(state) < 0)
		return -1;
	s = *state;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (file_mkdir_parents(s->fd, dirs[i], 0755) < 0)
			return -1;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].to, s->fd, links[i].name) < 0)
			return -1;
	scratch_write(s, "root/usr/lib/systemd/systemd", "inside", 6);
	scratch_write(s, "outside", "outside", 7);
	return 0;
}

static int open_root(const struct scratch *s)
{
	int fd = openat(s->fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void links_lead_inside(void **state)
{
	static const char *const paths[] = {
		"/sbin/init",
		"sbin/init",
		"/absolute",
		"/usr/lib/systemd/systemd",
		"//usr/./lib/../lib/systemd/systemd",
		"../../sbin/init",
	};
	_cleanup_close_ int root = open_root(*state);

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_close_ int fd = inroot_open(root, paths[i], O_RDONLY);
		_cleanup_free_ char *text = NULL, *path = NULL;

		if (fd < 0)
			fail_msg("%s: %s", paths[i], strerror(-fd));
		assert_int_equal(file_read_fd(fd, 100, &text, NULL), 0);
		assert_string_equal(text, "inside");
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_int_equal(inroot_realpath(root, paths[i], &path), 0);
		assert_string_equal(path, "/usr/lib/systemd/systemd");
	}
}

static void no_link_leads_out(void **state)
{
	static const struct {
		const char *path;
		int error;
	} rows[] = {
		{ "/out", -ENOENT },
		{ "../outside", -ENOENT },
		{ "/loop", -ELOOP },
		{ "/dangling", -ENOENT },
		{ "/magic", -ENOENT },
		{ "/none", -ENOENT },
		{ "", -ENOENT },
		{ "/outside", -ENOENT },
		{ "/absolute/x", -ENOTDIR },
	};
	_cleanup_close_ int root = open_root(*state);
	char *path = (char *)"untouched";

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = inroot_open(root, rows[i].path, O_RDONLY);

		if (r != rows[i].error)
			fail_msg("%s: %d", rows[i].path, r);
		assert_int_equal(inroot_realpath(root, rows[i].path, &path), rows[i].error);
		assert_string_equal(path, "untouched");
	}
}

static void root_itself_is_a_slash(void **state)
{
	_cleanup_close_ int root = open_root(*state),
			    real = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *path = NULL, *proc = NULL;

	assert_int_equal(inroot_realpath(root, "/", &path), 0);
	assert_string_equal(path, "/");
	/* Our own root is one, too. */
	assert_int_equal(inroot_realpath(real, "proc", &proc), 0);
	assert_string_equal(proc, "/proc");
}

/* /proc/PID/root and the like lead out of any root. */
static void magic_links_are_not_followed(void **state)
{
	_cleanup_close_ int real = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(inroot_open(real, "/proc/self/root/proc", O_PATH), -ELOOP);
	assert_int_equal(inroot_open(real, "/proc/self/exe", O_PATH), -ELOOP);
}

/* openat2(2): with ".." on the way a rename anywhere in the system makes the kernel say EAGAIN. */
static void race_with_a_rename_is_tried_again(void **state)
{
	_cleanup_close_ int root = open_root(*state), fd = -EBADF;

	busy = 5;
	fd = inroot_open(root, "/sbin/init", O_RDONLY);
	assert_true(fd >= 0);
	/* Not for ever. */
	busy = 1 << 30;
	assert_int_equal(inroot_open(root, "/sbin/init", O_RDONLY), -EAGAIN);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(links_lead_inside),
		in_scratch(no_link_leads_out),
		in_scratch(root_itself_is_a_slash),
		in_scratch(magic_links_are_not_followed),
		in_scratch(race_with_a_rename_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
