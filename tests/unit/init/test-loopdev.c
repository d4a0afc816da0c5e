/* SPDX-License-Identifier: MIT */
/*
 * test-loopdev: a file becomes a block device: how, and what is wrong with one that does not.
 * wrap: open inroot_open fstat ioctl file_write access modules_need worker_call
 * wrap: log_line log_console log_errno
 */
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/inroot.h"
#include "base/worker.h"
#include "init/loopdev.h"
#include "init/run.h"
#include "unit/trace.h"

/* The host and its file; descriptors that nobody has open. */
static struct {
	int error;         /* of opening the file for writing */
	mode_t mode;
	off_t size;
	bool no_module;    /* /dev/loop-control is not there */
	bool none_at_all;  /* nor does loading the module help */
	bool read_only;    /* is asked for */
	struct device attached, *items[1];
	bool same;         /* and it is that file's */
	struct loop_config config;
} world;

enum { FILE_FD = 1000, CONTROL_FD, LOOP_FD, HOST_FD };

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	if (streq(path, "/run/slipway/host"))
		return HOST_FD;
	if (streq(path, "/dev/loop-control") && world.no_module) {
		errno = ENOENT;
		return -1;
	}
	return trace_call("open %s", path) < 0 ? -1 : streq(path, "/dev/loop-control") ? CONTROL_FD : LOOP_FD;
}

int __wrap_inroot_open(int rootfd, const char *path, int flags);
int __wrap_inroot_open(int rootfd, const char *path, int flags)
{
	bool write = (flags & O_ACCMODE) == O_RDWR;

	assert_int_equal(rootfd, HOST_FD);
	trace_note("file %s %s", path, write ? "rw" : "ro");
	return world.error && (write || world.error != EROFS) ? -world.error : FILE_FD;
}

int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st)
{
	assert_int_equal(fd, FILE_FD);
	*st = (struct stat){ .st_mode = world.mode, .st_size = world.size, .st_dev = 7, .st_ino = 42 };
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;

	if (request == LOOP_CTL_GET_FREE) {
		assert_int_equal(fd, CONTROL_FD);
		return trace_call("get free") < 0 ? -1 : 3;
	}
	va_start(ap, request);
	if (request == LOOP_GET_STATUS64) {
		*va_arg(ap, struct loop_info64 *) =
			(struct loop_info64){ .lo_device = 7, .lo_inode = world.same ? 42 : 43 };
		va_end(ap);
		return trace_call("status");
	}
	assert_true(request == LOOP_CONFIGURE && fd == LOOP_FD);
	world.config = *va_arg(ap, struct loop_config *);
	va_end(ap);
	return trace_call("configure");
}

int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode);
int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode)
{
	return trace_call_errno("write %s %s", path, text);
}

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	assert_string_equal(path, "/dev/loop-control");
	return world.no_module ? -1 : 0;
}

int __wrap_modules_need(struct run *run, const char *alias);
int __wrap_modules_need(struct run *run, const char *alias)
{
	world.no_module = world.none_at_all;
	return trace_call_errno("load %s", alias);
}

/* Without a fork: what the worker does is what is tested. */
int __wrap_worker_call(worker_fn fn, void *data, uint64_t deadline, char **ret, size_t *ret_size);
int __wrap_worker_call(worker_fn fn, void *data, uint64_t deadline, char **ret, size_t *ret_size)
{
	int fds[2], r;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	r = fn(fds[1], data);
	(void)close(fds[1]);
	assert_int_equal(file_read_fd(fds[0], 64, ret, ret_size), 0);
	(void)close(fds[0]);
	return r;
}

static int setup(void **state)
{
	memset(&world, 0, sizeof(world));
	world.mode = S_IFREG | 0644;
	world.size = 4096;
	trace_reset(0, 0);
	return 0;
}

static int attach(void)
{
	struct run run = { .devices = { .items = world.items, .n = world.attached.name ? 1 : 0 }, .loop = LOOP_CLOSED };
	const struct loop_file file = {
		.dir = "/run/slipway/host",
		.path = "/r",
		.of = "UUID=h",
		.as = "the root's disk",
		.read_only = world.read_only,
		.direct = !world.read_only,
	};
	_cleanup_free_ char *name = NULL;
	int r;

	world.items[0] = &world.attached;
	r = loopdev_attach(&run, &file, &name);
	if (r == 0)
		assert_string_equal(name, world.attached.name && world.same ? "loop0" : "loop3");
	return r;
}

#define ATTACHED "open /dev/loop-control\nget free\nopen /dev/loop3\nconfigure\nwrite /sys/block/loop3/uevent change\n"

/* Sectors as the file was made with; found again by who looks for it; partitions are looked for. */
static void attached(void **state)
{
	assert_int_equal(attach(), 0);
	assert_string_equal(traced.text, "file /r rw\n" ATTACHED);
	assert_int_equal(world.config.fd, FILE_FD);
	assert_int_equal(world.config.block_size, 512);
	assert_int_equal(world.config.info.lo_flags, LO_FLAGS_PARTSCAN | LO_FLAGS_DIRECT_IO);
}

static void host_can_only_be_read(void **state)
{
	world.error = EROFS;
	assert_int_equal(attach(), 0);
	assert_string_equal(traced.text, "file /r rw\nfile /r ro\n" ATTACHED
					 "notice: /r can only be read, and so can what is in it\n");
	assert_int_equal(world.config.info.lo_flags, LO_FLAGS_PARTSCAN | LO_FLAGS_DIRECT_IO | LO_FLAGS_READ_ONLY);
}

static void module_is_loaded(void **state)
{
	world.no_module = true;
	assert_int_equal(attach(), 0);
	assert_string_equal(traced.text, "load loop\nfile /r rw\n" ATTACHED);
}

/* By inode, whatever the path looks like by now. */
static void attached_already(void **state)
{
	world.attached = (struct device){ .name = (char *)"loop0", .file = (char *)"/elsewhere" };
	world.same = true;
	assert_int_equal(attach(), 0);
	assert_string_equal(traced.text, "file /r rw\nopen /dev/loop0\nstatus\n");
}

static void another_is_attached(void **state)
{
	world.attached = (struct device){ .name = (char *)"loop0", .file = (char *)"/run/slipway/host/r" };
	assert_int_equal(attach(), 0);
	assert_string_equal(traced.text, "file /r rw\nopen /dev/loop0\nstatus\n" ATTACHED);
}

/* An image is only read, and read ahead of. */
static void for_reading(void **state)
{
	world.read_only = true;
	assert_int_equal(attach(), 0);
	assert_string_equal(traced.text, "file /r ro\n" ATTACHED);
	assert_int_equal(world.config.info.lo_flags, LO_FLAGS_PARTSCAN | LO_FLAGS_READ_ONLY);
}

#define WRONG "error: cannot use the file /r of UUID=h as the root's disk: "

static void wrong_files(void **state)
{
	static const struct {
		int error;
		mode_t mode;
		off_t size;
		int result;
		const char *why;
	} rows[] = {
		{ ENOENT, 0, 0, -ENOENT, WRONG "there is no such file\n" },
		{ EISDIR, 0, 0, -EISDIR, WRONG "it is a directory, and must be a regular file\n" },
		{ 0, S_IFDIR, 4096, -EISDIR, WRONG "it is a directory, and must be a regular file\n" },
		{ 0, S_IFIFO, 0, -EINVAL, WRONG "it is no regular file\n" },
		{ 0, S_IFBLK, 0, -EINVAL, WRONG "it is no regular file\n" },
		{ 0, S_IFREG, 0, -ENODATA, WRONG "it is empty\n" },
		{ ELOOP, 0, 0, -ELOOP, WRONG "Too many levels of symbolic links\n" },
		{ EIO, 0, 0, -EIO, WRONG "Input/output error\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		(void)setup(NULL);
		world.error = rows[i].error;
		world.mode = rows[i].mode;
		world.size = rows[i].size;
		assert_int_equal(attach(), rows[i].result);
		assert_non_null(strstr(traced.text, rows[i].why));
		assert_null(strstr(traced.text, "configure"));
	}
}

static void no_module(void **state)
{
	world.no_module = world.none_at_all = true;
	assert_int_equal(attach(), -ENODEV);
	assert_non_null(strstr(traced.text, WRONG "the kernel has no loop devices: module loop is not there\n"));
}

static void each_call_fails(void **state)
{
	for (unsigned int i = 1; i <= 5; i++) {
		trace_reset(i, EIO);
		world.no_module = false;
		assert_int_equal(attach(), i == 1 ? -ENODEV : -EIO);
		assert_non_null(strstr(traced.text, WRONG));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(attached, setup),
		cmocka_unit_test_setup(host_can_only_be_read, setup),
		cmocka_unit_test_setup(module_is_loaded, setup),
		cmocka_unit_test_setup(attached_already, setup),
		cmocka_unit_test_setup(another_is_attached, setup),
		cmocka_unit_test_setup(for_reading, setup),
		cmocka_unit_test_setup(wrong_files, setup),
		cmocka_unit_test_setup(no_module, setup),
		cmocka_unit_test_setup(each_call_fails, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
