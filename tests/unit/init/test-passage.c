/* SPDX-License-Identifier: MIT */
/*
 * test-passage: what is moved, what is unmounted, and where it stops.
 * wrap: mount umount2 lstat open dup2
 * wrap: log_line log_console log_errno
 */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "init/passage.h"
#include "unit/trace.h"

static mode_t console; /* what lies there; 0: nothing */
static bool running;   /* else calls are the test's own, and those of what counts coverage */

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
	assert_int_equal(flags, MS_MOVE);
	return trace_call("move %s %s", source, target);
}

int __wrap_umount2(const char *target, int flags);
int __wrap_umount2(const char *target, int flags)
{
	assert_int_equal(flags, MNT_DETACH);
	return trace_call("unmount %s", target);
}

int __wrap_lstat(const char *path, struct stat *ret);
int __wrap_lstat(const char *path, struct stat *ret)
{
	assert_string_equal(path, "/sysroot/dev/console");
	errno = ENOENT;
	if (!console)
		return -1;
	*ret = (struct stat){ .st_mode = console };
	return 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	if (!running)
		return __real_open(path, flags, 0644);
	return trace_call("open %s", path) < 0 ? -1 : __real_open("/dev/null", O_RDWR | O_CLOEXEC);
}

int __wrap_dup2(int from, int to);
int __wrap_dup2(int from, int to)
{
	return trace_call("dup %d", to) < 0 ? -1 : to;
}

static int pass(enum api_way way, mode_t at_console, unsigned int fails)
{
	const struct boot b = { .api = way };
	int r;

	console = at_console;
	trace_reset(fails, EIO);
	running = true;
	r = passage_make(&b);
	running = false;
	return r;
}

#define MOVE(name) "move /" name " /sysroot/" name "\n"
#define OPEN       "open /sysroot/dev/console\n"
#define DUP        "dup 0\ndup 1\ndup 2\n"
#define GONE       "unmount /proc\nunmount /sys\n"

static void each_way(void **state)
{
	static const struct {
		enum api_way way;
		mode_t console;
		unsigned int fails;
		const char *done;
	} rows[] = {
		{ API_MOVE,  0,              0, MOVE("dev") MOVE("proc") MOVE("sys") MOVE("run") },
		{ API_MOVE,  S_IFCHR | 0600, 0, MOVE("dev") MOVE("proc") MOVE("sys") MOVE("run") },
		{ API_CLEAN, 0,              0, MOVE("dev") GONE MOVE("run") },
		{ API_CLEAN, S_IFREG | 0600, 0, MOVE("dev") GONE MOVE("run") },
		{ API_CLEAN, S_IFLNK | 0777, 0, MOVE("dev") GONE MOVE("run") },
		{ API_CLEAN, S_IFCHR | 0600, 0, OPEN DUP "unmount /dev\n" GONE MOVE("run") },
		/* A node that leads nowhere, as on a root that is mounted nodev. */
		{ API_CLEAN, S_IFCHR | 0600, 1, OPEN MOVE("dev") GONE MOVE("run") },
		{ API_CLEAN, S_IFCHR | 0600, 2, OPEN "dup 0\n" MOVE("dev") GONE MOVE("run") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(pass(rows[i].way, rows[i].console, rows[i].fails), 0);
		assert_string_equal(traced.text, rows[i].done);
	}
}

static void first_failure_ends_it(void **state)
{
	static const struct {
		enum api_way way;
		unsigned int fails;
		const char *done;
	} rows[] = {
		{ API_MOVE,  1, MOVE("dev") "error: cannot move /dev to /sysroot/dev: Input/output error\n" },
		{ API_MOVE,  4, MOVE("dev") MOVE("proc") MOVE("sys") MOVE("run")
				"error: cannot move /run to /sysroot/run: Input/output error\n" },
		{ API_CLEAN, 5, OPEN DUP "unmount /dev\nerror: cannot unmount /dev: Input/output error\n" },
		{ API_CLEAN, 6, OPEN DUP "unmount /dev\nunmount /proc\n"
				"error: cannot unmount /proc: Input/output error\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(pass(rows[i].way, S_IFCHR | 0600, rows[i].fails), -EIO);
		assert_string_equal(traced.text, rows[i].done);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way),
		cmocka_unit_test(first_failure_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
