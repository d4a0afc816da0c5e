/* SPDX-License-Identifier: MIT */
/* loopdev: a file as a block device. */
#include "init/loopdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/inroot.h"
#include "base/log.h"
#include "base/worker.h"
#include "init/run.h"

#define DEADLINE (60 * USEC_PER_SEC) /* the host's disk may have to spin up, or be mended by its RAID */
#define CONTROL  "/dev/loop-control"
#define TRIES    8

/* What is wrong with the file, where errno's own words would not say it. */
static const struct {
	int error;
	const char *why;
} reasons[] = {
	{ ENOENT,  "there is no such file"                                   },
	{ EISDIR,  "it is a directory, and must be a regular file"           },
	{ EINVAL,  "it is no regular file"                                   },
	{ ENODATA, "it is empty"                                             },
	{ ENODEV,  "the kernel has no loop devices: module loop is not there" },
};

static const char *reason_of(int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].error == error)
			return reasons[i].why;
	return strerror(error);
}

struct request {
	const struct loop_file *file;
	const struct devices *devices;
};

/* Its links lead nowhere else. */
static int open_file(const struct loop_file *f, bool *ret_read_only)
{
	_cleanup_close_ int host = open(f->dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
	struct stat st;

	if (host < 0)
		return -errno;
	if (!f->read_only)
		fd = inroot_open(host, f->path, O_RDWR | O_NONBLOCK | O_NOCTTY);
	*ret_read_only = f->read_only || fd == -EROFS;
	if (*ret_read_only)
		fd = inroot_open(host, f->path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	return st.st_size > 0 ? TAKE_FD(fd) : -ENODATA;
}

/*
 * A sector is 512 bytes whatever the host's disk has: partition tables count in sectors, and the file was made
 * somewhere. With direct I/O nothing is held in memory twice; the kernel does without where the host cannot.
 * No LO_FLAGS_AUTOCLEAR: whoever reads the device before it is mounted is the last to close it.
 */
static int configure(const struct loop_file *f, int file, bool read_only, int number)
{
	const struct loop_config config = {
		.fd = (unsigned int)file,
		.block_size = 512,
		.info.lo_flags = LO_FLAGS_PARTSCAN | (f->direct ? LO_FLAGS_DIRECT_IO : 0U) |
				 (read_only ? LO_FLAGS_READ_ONLY : 0U),
	};
	_cleanup_close_ int fd = -EBADF;
	char path[64];

	(void)snprintf(path, sizeof(path), "/dev/loop%d", number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, LOOP_CONFIGURE, &config) < 0)
		return -errno;
	/* Kernels between 5.17 and 6.5 do not announce it, see "loop: LOOP_CONFIGURE: send uevents". */
	(void)snprintf(path, sizeof(path), "/sys/block/loop%d/uevent", number);
	return file_write(AT_FDCWD, path, "change", 0);
}

/* Or a person in the rescue shell has done it, or the stage before it was tried again. By inode: paths change. */
static const struct device *find_attached(const struct devices *devices, int file)
{
	struct stat st;

	if (fstat(file, &st) < 0)
		return NULL;
	for (size_t i = 0; i < devices->n; i++) {
		const struct device *dev = devices->items[i];
		_cleanup_close_ int fd = -EBADF;
		struct loop_info64 info;
		char path[64];

		if (!dev->file)
			continue;
		(void)snprintf(path, sizeof(path), "/dev/%.32s", dev->name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && ioctl(fd, LOOP_GET_STATUS64, &info) == 0 && info.lo_device == st.st_dev &&
		    info.lo_inode == st.st_ino)
			return dev;
	}
	return NULL;
}

/* The free one may be somebody else's in the next moment. */
static int configure_free(const struct loop_file *f, int file, bool read_only, int control)
{
	int number = -1, r = -EBUSY;

	for (int i = 0; i < TRIES && r == -EBUSY; i++) {
		number = ioctl(control, LOOP_CTL_GET_FREE);
		r = number < 0 ? -errno : configure(f, file, read_only, number);
	}
	return r < 0 ? r : number;
}

/*
 * In the worker: the file's disk is waited for, and perhaps in vain. The record: "loop3 0"; 1: it can only be read,
 * -: it was attached already.
 */
static int attach(int out, void *data)
{
	const struct request *request = data;
	bool read_only = false;
	_cleanup_close_ int file = open_file(request->file, &read_only), control = -EBADF;
	const struct device *attached;
	char record[64];
	int number;

	if (file < 0)
		return file;
	attached = find_attached(request->devices, file);
	if (attached) {
		(void)snprintf(record, sizeof(record), "%.32s -", attached->name);
		return file_write_fd(out, record, strlen(record));
	}
	control = open(CONTROL, O_RDWR | O_CLOEXEC);
	if (control < 0)
		return -ENODEV;
	number = configure_free(request->file, file, read_only, control);
	if (number < 0)
		return number;
	(void)snprintf(record, sizeof(record), "loop%d %d", number, read_only);
	return file_write_fd(out, record, strlen(record));
}

/* What was read of it was of another file. The kernel's message, which comes, has it read again. */
static void await_news(struct run *run, const char *name)
{
	struct device *dev = devices_find(&run->devices, name);

	if (!dev)
		return;
	dev->sectors = 0;
	dev->probe = PROBE_NONE;
	tags_free(&dev->tags);
}

int loopdev_attach(struct run *run, const struct loop_file *f, char **ret)
{
	struct request request = { .file = f, .devices = &run->devices };
	_cleanup_free_ char *record = NULL;
	bool already;
	char *space;
	int r;

	/* Nothing has asked for the module so far: it is no device's. */
	if (access(CONTROL, F_OK) < 0 && (r = modules_need(run, "loop")) < 0)
		return log_errno(r, "cannot wait for the module loop");
	r = worker_call(attach, &request, clock_add(clock_monotonic(), DEADLINE), &record, NULL);
	space = r == 0 && record ? strchr(record, ' ') : NULL;
	if (r == 0 && !space)
		r = -EPROTO;
	if (r < 0) {
		log_error("cannot use the file %s of %s as %s: %s", f->path, f->of, f->as, reason_of(-r));
		return r;
	}
	if (!f->read_only && streq(space, " 1"))
		log_notice("%s can only be read, and so can what is in it", f->path);
	already = streq(space, " -");
	*space = '\0';
	if (!already)
		await_news(run, record);
	*ret = TAKE_PTR(record);
	return 0;
}

/* In the worker. */
static int detach(int out, void *data)
{
	const struct request *request = data;
	const char *dir = request->file->dir;
	int r = 0;

	for (size_t i = 0; i < request->devices->n; i++) {
		const struct device *dev = request->devices->items[i];
		const char *rest = dev->file ? startswith(dev->file, dir) : NULL;
		_cleanup_close_ int fd = -EBADF;
		char path[64];

		if (!rest || *rest != '/')
			continue;
		(void)snprintf(path, sizeof(path), "/dev/%.32s", dev->name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || ioctl(fd, LOOP_CLR_FD, 0) < 0)
			r = -errno;
	}
	return r;
}

int loopdev_detach(struct run *run, const char *dir)
{
	const struct loop_file file = { .dir = dir };
	struct request request = { .file = &file, .devices = &run->devices };

	return worker_call(detach, &request, clock_add(clock_monotonic(), DEADLINE), NULL, NULL);
}
