/* SPDX-License-Identifier: MIT */
/* loopdev: a file below ROOTFILE_HOST as a block device. */
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

/* As the host's own system would see the path: its links lead nowhere else. */
static int open_file(const char *path, bool *ret_read_only)
{
	_cleanup_close_ int host = open(ROOTFILE_HOST, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
	struct stat st;

	if (host < 0)
		return -errno;
	fd = inroot_open(host, path, O_RDWR | O_NONBLOCK | O_NOCTTY);
	*ret_read_only = fd == -EROFS;
	if (*ret_read_only)
		fd = inroot_open(host, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
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
 * somewhere. Direct I/O: nothing is held in memory twice; the kernel does without where the host cannot.
 * No LO_FLAGS_AUTOCLEAR: whoever reads the device before it is mounted is the last to close it.
 */
static int configure(int file, bool read_only, int number)
{
	const struct loop_config config = {
		.fd = (unsigned int)file,
		.block_size = 512,
		.info.lo_flags = LO_FLAGS_PARTSCAN | LO_FLAGS_DIRECT_IO | (read_only ? LO_FLAGS_READ_ONLY : 0U),
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

/* In the worker: the host's disk is waited for, and perhaps in vain. The record: "1" where it can only be read. */
static int attach(int out, void *data)
{
	bool read_only = false;
	_cleanup_close_ int file = open_file(data, &read_only), control = open(CONTROL, O_RDWR | O_CLOEXEC);
	int number, r;

	if (file < 0)
		return file;
	if (control < 0)
		return -ENODEV;
	number = ioctl(control, LOOP_CTL_GET_FREE);
	if (number < 0)
		return -errno;
	r = configure(file, read_only, number);
	return r < 0 ? r : file_write_fd(out, read_only ? "1" : "0", 1);
}

/* Or a person in the rescue shell has done it. */
static bool is_attached(const struct devices *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		if (devices->items[i]->file && startswith(devices->items[i]->file, ROOTFILE_HOST "/"))
			return true;
	return false;
}

int loopdev_attach(struct run *run, const char *path)
{
	_cleanup_free_ char *record = NULL;
	int r;

	if (is_attached(&run->devices))
		return 0;
	/* Nothing has asked for the module so far: it is no device's. */
	if (access(CONTROL, F_OK) < 0 && (r = modules_need(run, "loop")) < 0)
		return log_errno(r, "cannot wait for the module loop");
	r = worker_call(attach, (void *)path, clock_add(clock_monotonic(), DEADLINE), &record, NULL);
	if (r < 0) {
		log_error("cannot use the file %s of %s as the root's disk: %s", path,
			  run->boot.file.host.spec.text, reason_of(-r));
		return r;
	}
	if (streq_null(record, "1"))
		log_notice("%s can only be read, and so can what is in it", path);
	return 0;
}
