/* SPDX-License-Identifier: MIT */
/*
 * test-api: /proc /sys /dev /run as the interface wants them (docs/contract.md), mounted once.
 * wrap: mount statfs mount_is_mountpoint file_mkdir_parents mkdir umask getpid open dup2 close process_newest
 * wrap: log_line log_console log_errno
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/macro.h"
#include "init/mount.h"
#include "init/run.h"
#include "init/stages.h"
#include "unit/trace.h"

#define MOUNTS_MAX 8

static bool running; /* else calls are the test's own, and those of what counts coverage */

static struct {
	struct {
		char target[32];
		long magic;
	} mounts[MOUNTS_MAX];
	size_t n;
	bool directories; /* /run/slipway is there */
	bool no_console, no_null;
	pid_t pid;
} world;

static void add_mount(const char *target, long magic)
{
	assert_true(world.n < MOUNTS_MAX);
	(void)snprintf(world.mounts[world.n].target, sizeof(world.mounts[0].target), "%s", target);
	world.mounts[world.n++].magic = magic;
}

static const char *flag_words(unsigned long flags)
{
	static const struct {
		unsigned long flag;
		const char *word;
	} words[] = {
		{ MS_NOSUID, ",nosuid" }, { MS_NODEV, ",nodev" }, { MS_NOEXEC, ",noexec" },
		{ MS_STRICTATIME, ",strictatime" },
	};
	static char text[64];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (flags & words[i].flag) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", words[i].word);
			flags &= ~words[i].flag;
		}
	assert_int_equal(flags, 0);
	return text;
}

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
	static const struct {
		const char *type;
		long magic;
	} magics[] = {
		{ "proc", PROC_SUPER_MAGIC }, { "sysfs", SYSFS_MAGIC }, { "devtmpfs", TMPFS_MAGIC },
		{ "tmpfs", TMPFS_MAGIC },
	};
	int r = trace_call("mount %s %s %s%s", type, target, data ? (const char *)data : "", flag_words(flags));

	assert_string_equal(source, type);
	for (size_t i = 0; i < ARRAY_SIZE(magics) && r == 0; i++)
		if (streq(magics[i].type, type))
			add_mount(target, magics[i].magic);
	return r;
}

bool __wrap_mount_is_mountpoint(const char *path);
bool __wrap_mount_is_mountpoint(const char *path)
{
	for (size_t i = 0; i < world.n; i++)
		if (streq(world.mounts[i].target, path))
			return true;
	return false;
}

int __wrap_statfs(const char *path, struct statfs *ret);
int __wrap_statfs(const char *path, struct statfs *ret)
{
	for (size_t i = 0; i < world.n; i++)
		if (streq(world.mounts[i].target, path))
			ret->f_type = (__typeof__(ret->f_type))world.mounts[i].magic;
	return 0;
}

int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode);
int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode)
{
	return trace_call_errno("mkdir %s %04o", path, mode);
}

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
	if (!running)
		return __real_mkdir(path, mode);
	if (trace_call("mkdir %s %04o", path, mode) < 0)
		return -1;
	errno = EEXIST;
	return world.directories ? -1 : 0;
}

mode_t __wrap_umask(mode_t mask);
mode_t __wrap_umask(mode_t mask)
{
	trace_note("umask %03o", mask);
	return 0;
}

int __wrap_process_newest(void);
int __wrap_process_newest(void)
{
	return 42;
}

pid_t __real_getpid(void);
pid_t __wrap_getpid(void);
pid_t __wrap_getpid(void)
{
	return running ? world.pid : __real_getpid();
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	if (!running)
		return __real_open(path, flags, 0644);
	trace_note("open %s", path);
	/* It must not become the controlling terminal of PID 1. */
	assert_int_equal(flags & ~O_NOCTTY, O_RDWR | O_CLOEXEC);
	if (streq(path, "/dev/console"))
		assert_true(flags & O_NOCTTY);
	return (streq(path, "/dev/console") ? world.no_console : world.no_null) ? -1 : 7;
}

int __wrap_dup2(int from, int to);
int __wrap_dup2(int from, int to)
{
	trace_note("dup2 %d %d", from, to);
	return to;
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	if (!running)
		return __real_close(fd);
	trace_note("close %d", fd);
	return 0;
}

static int setup(void **state)
{
	memset(&world, 0, sizeof(world));
	world.pid = 4711;
	trace_reset(0, 0);
	return 0;
}

static int stage(void)
{
	struct run run = { .loop = LOOP_CLOSED };
	int r;

	running = true;
	r = mount_api(&run);
	running = false;
	assert_int_equal(run.processes, r < 0 ? 0 : 42);
	return r;
}

#define DIRECTORIES "mkdir /run/slipway 0755\nmkdir /run/slipway/log 0700\n"

static void everything_is_mounted(void **state)
{
	assert_int_equal(stage(), 0);
	assert_string_equal(traced.text,
		"umask 022\n"
		"mkdir /proc 0755\n"
		"mount proc /proc ,nosuid,nodev,noexec\n"
		"mkdir /sys 0755\n"
		"mount sysfs /sys ,nosuid,nodev,noexec\n"
		"mkdir /dev 0755\n"
		"mount devtmpfs /dev mode=0755,nosuid\n"
		"mkdir /run 0755\n"
		"mount tmpfs /run mode=755,size=20%,nosuid,nodev,strictatime\n"
		"mkdir /run/initramfs 0755\n"
		"mount tmpfs /run/initramfs mode=755,size=64m,nosuid,nodev\n"
		DIRECTORIES);
}

/* systemd runs no exitrd from a noexec /run, and says nothing. */
static void programs_may_run_from_run(void **state)
{
	assert_int_equal(stage(), 0);
	for (const char *line = strstr(traced.text, "mount tmpfs"); line; line = strstr(line + 1, "mount tmpfs"))
		assert_null(memmem(line, strcspn(line, "\n"), "noexec", 6));
}

#define MKDIRS "umask 022\nmkdir /proc 0755\nmkdir /sys 0755\nmkdir /dev 0755\nmkdir /run 0755\n" \
	       "mkdir /run/initramfs 0755\n" DIRECTORIES

/* The stage is tried again after a rescue. */
static void twice_is_once(void **state)
{
	assert_int_equal(stage(), 0);
	world.directories = true;
	trace_reset(0, 0);
	assert_int_equal(stage(), 0);
	assert_string_equal(traced.text, MKDIRS);
}

static void after_a_failure_it_goes_on(void **state)
{
	trace_reset(6, EBUSY); /* /dev */
	assert_int_equal(stage(), -EBUSY);
	assert_true(endswith(traced.text, "error: cannot mount devtmpfs on /dev: Device or resource busy\n"));
	trace_reset(0, 0);
	assert_int_equal(stage(), 0);
	assert_null(strstr(traced.text, "mount proc"));
	assert_non_null(strstr(traced.text, "mount devtmpfs /dev"));
	assert_non_null(strstr(traced.text, "mount tmpfs /run/initramfs"));
}

/* CONFIG_DEVTMPFS_MOUNT; a container that mounts them all. */
static void what_is_there_is_taken(void **state)
{
	add_mount("/dev", TMPFS_MAGIC);
	assert_int_equal(stage(), 0);
	assert_null(strstr(traced.text, "mount devtmpfs"));
	assert_non_null(strstr(traced.text, "mount sysfs"));
}

/* A directory of the image bound there, say. */
static void what_is_something_else_is_mounted_over(void **state)
{
	add_mount("/proc", EXT4_SUPER_MAGIC);
	assert_int_equal(stage(), 0);
	assert_non_null(strstr(traced.text, "mount proc /proc"));
}

static void each_failure_is_told(void **state)
{
	unsigned int calls;

	assert_int_equal(stage(), 0);
	calls = traced.calls;
	assert_int_equal(calls, 12);
	for (unsigned int call = 1; call <= calls; call++) {
		setup(state);
		trace_reset(call, EPERM);
		assert_int_equal(stage(), -EPERM);
		assert_int_equal(traced.calls, call);
		assert_non_null(strstr(traced.text, "\nerror: cannot m"));
		assert_true(endswith(traced.text, ": Operation not permitted\n"));
	}
}

/* The kernel's descriptors are those of the rootfs's node, if it had one. */
static void console_is_opened_by_pid_1(void **state)
{
	static const char console[] = "open /dev/console\ndup2 7 0\ndup2 7 1\ndup2 7 2\nclose 7\n";
	static const char null[] = "open /dev/console\nopen /dev/null\ndup2 7 0\ndup2 7 1\ndup2 7 2\nclose 7\n";
	static const char none[] = "open /dev/console\nopen /dev/null\n";

	world.pid = 1;
	assert_int_equal(stage(), 0);
	assert_string_equal(strstr(traced.text, "open "), console);
	trace_reset(0, 0);
	world.no_console = true;
	assert_int_equal(stage(), 0);
	assert_string_equal(strstr(traced.text, "open "), null);
	trace_reset(0, 0);
	world.no_null = true;
	assert_int_equal(stage(), 0);
	assert_string_equal(strstr(traced.text, "open "), none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(everything_is_mounted, setup),
		cmocka_unit_test_setup(programs_may_run_from_run, setup),
		cmocka_unit_test_setup(twice_is_once, setup),
		cmocka_unit_test_setup(after_a_failure_it_goes_on, setup),
		cmocka_unit_test_setup(what_is_there_is_taken, setup),
		cmocka_unit_test_setup(what_is_something_else_is_mounted_over, setup),
		cmocka_unit_test_setup(each_failure_is_told, setup),
		cmocka_unit_test_setup(console_is_opened_by_pid_1, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
