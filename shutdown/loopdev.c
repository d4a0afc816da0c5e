/* SPDX-License-Identifier: MIT */
/* loopdev: loop devices: where their file is, and letting go of it. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mountinfo.h"
#include "base/worker.h"
#include "shutdown/layer.h"

bool loop_matches(const struct node *n)
{
	const char *number = startswith(n->name, "loop");

	return number && isdigit((unsigned char)*number);
}

static int open_loop(int root, const struct node *n)
{
	_cleanup_free_ char *path = NULL;
	int fd;

	if (asprintf(&path, "dev/%s", n->name) < 0)
		return -ENOMEM;
	fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

struct status_call {
	int root;
	const struct node *node;
};

/* In a worker: the kernel asks the file system of the file for its attributes, and that may be gone. */
static int status_in_worker(int out, void *data)
{
	const struct status_call *call = data;
	_cleanup_close_ int fd = open_loop(call->root, call->node);
	struct loop_info64 info = { 0 };

	if (fd < 0)
		return fd;
	if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
		return -errno;
	return file_write_fd(out, &info.lo_device, sizeof(info.lo_device));
}

/* lo_device is new_encode_dev()ed, which glibc's dev_t is too for what a loop can stand on. */
static dev_t backing_dev(int root, const struct node *n)
{
	struct status_call call = { root, n };
	_cleanup_free_ char *record = NULL;
	uint64_t dev = 0;
	size_t size = 0;

	if (worker_call(status_in_worker, &call, clock_add(clock_monotonic(), USEC_PER_SEC), &record, &size) < 0)
		return 0;
	if (size == sizeof(dev))
		memcpy(&dev, record, sizeof(dev));
	return (dev_t)dev;
}

int loop_read(int root, int dir, struct node *n)
{
	_cleanup_free_ char *autoclear = NULL;
	int r;

	/* The directory is there only while a file is bound. */
	r = file_read_line(dir, "loop/backing_file", &n->label);
	if (r < 0)
		return r;
	if (file_read_line(dir, "loop/autoclear", &autoclear) < 0)
		autoclear = NULL;
	n->state = strdup(autoclear && streq(autoclear, "1") ? "autoclear" : "");
	if (!n->state)
		return -ENOMEM;
	n->backing = backing_dev(root, n);
	return 0;
}

/*
 * A loop that is still in use answers 0 too and goes when it is closed for the last time (AUTOCLEAR): only
 * ENXIO from a look afterwards says that the file is let go.
 */
int loop_clear(int root, const struct node *n)
{
	_cleanup_close_ int fd = open_loop(root, n);
	struct loop_info64 info;
	int r = 0;

	if (fd < 0)
		return fd;
	/* One that let go of its file since we looked refuses requests: nothing of it is lost. */
	if (fsync(fd) < 0)
		r = ioctl(fd, LOOP_GET_STATUS64, &info) < 0 && errno == ENXIO ? 0 : -EIO;
	if (ioctl(fd, LOOP_CLR_FD, 0) < 0 && errno != ENXIO && r == 0)
		r = -errno;
	if (ioctl(fd, LOOP_GET_STATUS64, &info) == 0 && r == 0)
		r = -EBUSY;
	return r;
}

int loop_autoclear(int root, const struct node *n)
{
	_cleanup_close_ int fd = open_loop(root, n);
	struct loop_info64 info;

	if (fd < 0)
		return fd;
	if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
		return -errno;
	info.lo_flags |= LO_FLAGS_AUTOCLEAR;
	return ioctl(fd, LOOP_SET_STATUS64, &info) < 0 ? -errno : 0;
}
