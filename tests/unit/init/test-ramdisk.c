/* SPDX-License-Identifier: MIT */
/*
 * test-ramdisk: when / is a ramdisk, how it is left, and that nothing of that fails the boot once the root has moved.
 * wrap: stat open mount chdir chroot syscall ioctl umount2
 * wrap: log_line log_console log_errno
 */
#include "init/ramdisk.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "chroot.h"
#include "unit/trace.h"

static struct {
	bool running; /* else calls are the test's own, and those of what counts coverage */
	dev_t root;
} fake;

int __real_stat(const char *path, struct stat *ret);
int __wrap_stat(const char *path, struct stat *ret);
int __wrap_stat(const char *path, struct stat *ret)
{
	if (!fake.running)
		return __real_stat(path, ret);
	assert_string_equal(path, "/");
	*ret = (struct stat){ .st_dev = fake.root };
	return 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	if (!fake.running)
		return __real_open(path, flags, 0644);
	return trace_call("open %s", path) < 0 ? -1 : streq(path, "/") ? 4710 : 4711;
}

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
	assert_int_equal(flags, MS_REMOUNT);
	return trace_call("remount %s", target);
}

long __wrap_syscall(long number, const char *to, const char *old);
long __wrap_syscall(long number, const char *to, const char *old)
{
	assert_int_equal(number, SYS_pivot_root);
	return trace_call("pivot %s %s", to, old);
}

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	return trace_call("%s %d", request == FITRIM ? "trim" : request == BLKFLSBUF ? "flush" : "?", fd);
}

int __wrap_umount2(const char *target, int flags);
int __wrap_umount2(const char *target, int flags)
{
	assert_int_equal(flags, MNT_DETACH);
	return trace_call("unmount %s", target);
}

static void reset(dev_t root, unsigned int fails)
{
	fake.root = root;
	fake.running = true;
	trace_reset(fails, EIO);
}

static void only_where_the_root_is_one(void **state)
{
	static const struct {
		unsigned int major, minor, fails;
		const char *done;
		int root, disk;
	} rows[] = {
		{ RAMDISK_MAJOR, 0, 0, "open /dev/ram0\nopen /\n", 4710, 4711 },
		{ RAMDISK_MAJOR, 5, 0, "open /dev/ram5\nopen /\n", 4710, 4711 },
		{ RAMDISK_MAJOR, 0, 1, "open /dev/ram0\nopen /\n", 4710, -1 },
		{ 0, 2, 0, "", -EBADF, -EBADF },
		{ 8, 1, 0, "", -EBADF, -EBADF },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ramdisk r = RAMDISK_NONE;

		reset(makedev(rows[i].major, rows[i].minor), rows[i].fails);
		ramdisk_open(&r);
		fake.running = false;
		assert_string_equal(traced.text, rows[i].done);
		assert_int_equal(r.root, rows[i].root);
		assert_int_equal(r.disk, rows[i].disk);
		assert_true(ramdisk_is_there(&r) == (rows[i].root > 0));
	}
}

#define PIVOT "chdir /sysroot\npivot . .\n"

static void it_is_left_by_a_pivot(void **state)
{
	static const struct {
		unsigned int fails;
		int result;
		const char *done;
	} rows[] = {
		{ 0, 0, PIVOT },
		{ 1, -EIO, "chdir /sysroot\nerror: cannot make /sysroot the root: Input/output error\n" },
		{ 2, -EIO, PIVOT "error: cannot make /sysroot the root: Input/output error\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		reset(makedev(RAMDISK_MAJOR, 0), rows[i].fails);
		assert_int_equal(ramdisk_pivot(), rows[i].result);
		fake.running = false;
		assert_string_equal(traced.text, rows[i].done);
	}
}

static void it_is_written_to(void **state)
{
	static const struct {
		unsigned int major, fails;
		const char *done;
	} rows[] = {
		{ 0, 0, "" },
		{ 8, 0, "" },
		{ RAMDISK_MAJOR, 0, "remount /\n" },
		{ RAMDISK_MAJOR, 1, "remount /\n"
		  "warning: cannot make the ramdisk that / is on writable: Input/output error, ignoring\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		reset(makedev(rows[i].major, 0), rows[i].fails);
		ramdisk_make_writable();
		fake.running = false;
		assert_string_equal(traced.text, rows[i].done);
	}
}

static void its_memory_is_given_back(void **state)
{
	static const struct {
		unsigned int fails;
		const char *done;
	} rows[] = {
		{ 0, "trim 4710\nunmount .\nchroot .\nchdir /\nflush 4711\n" },
		{ 1, "trim 4710\nunmount .\nchroot .\nchdir /\nflush 4711\n" },
		{ 2, "trim 4710\nunmount .\nwarning: cannot unmount the ramdisk: Input/output error, ignoring\n"
		     "flush 4711\n" },
		{ 5, "trim 4710\nunmount .\nchroot .\nchdir /\nflush 4711\n"
		     "warning: cannot free what is cached of the ramdisk: Input/output error, ignoring\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		reset(makedev(RAMDISK_MAJOR, 0), rows[i].fails);
		ramdisk_free(&(struct ramdisk){ .root = 4710, .disk = 4711 });
		fake.running = false;
		assert_string_equal(traced.text, rows[i].done);
	}
}

static void root_that_names_it(void **state)
{
	static const struct {
		const char *root;
		unsigned int major;
		bool named;
	} rows[] = {
		{ "/dev/ram0", RAMDISK_MAJOR, true  }, { "/dev/ram", RAMDISK_MAJOR, true },
		{ "/dev/vda",  RAMDISK_MAJOR, false }, { "/dev/ram0", 0, false },
		{ "LABEL=ram", RAMDISK_MAJOR, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct boot b = { 0 };
		bool named;

		assert_int_equal(spec_parse(rows[i].root, &b.root.spec), 0);
		reset(makedev(rows[i].major, 0), 0);
		named = ramdisk_is_named(&b);
		fake.running = false;
		assert_true(named == rows[i].named);
		assert_true(rows[i].named == !!strstr(traced.text, "real_root= names the root"));
		spec_free(&b.root.spec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_where_the_root_is_one),
		cmocka_unit_test(it_is_written_to),
		cmocka_unit_test(it_is_left_by_a_pivot),
		cmocka_unit_test(its_memory_is_given_back),
		cmocka_unit_test(root_that_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
