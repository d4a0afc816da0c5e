/* SPDX-License-Identifier: MIT */
/* btrfs: telling the kernel of each device, and asking whether all are there. */
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/file.h"
#include "init/act.h"
#include "init/run.h"
#include "init/tool.h"

#define DEADLINE (30 * USEC_PER_SEC)

#define CONTROL "/dev/btrfs-control"

/* Nothing has asked for the module so far: no device has a modalias for what is on it. */
static int open_control(int fd)
{
	int control = open(CONTROL, O_RDWR | O_CLOEXEC);

	if (control < 0 && errno == ENOENT && tool_load("btrfs", fd) == 0)
		control = open(CONTROL, O_RDWR | O_CLOEXEC);
	return control < 0 ? -errno : control;
}

/* In the worker: both read the device. The record is "1" when the file system is whole. */
static int scan(int fd, void *data)
{
	const struct act *act = data;
	_cleanup_close_ int control = open_control(fd);
	struct btrfs_ioctl_vol_args args = { 0 };
	int r;

	if (control < 0)
		return control;
	if (strlen(act->path) >= sizeof(args.name))
		return -ENAMETOOLONG;
	memcpy(args.name, act->path, strlen(act->path));
	/* Registers the device, too. 0: ready; 1: not yet. fs/btrfs/super.c, btrfs_control_ioctl() */
	r = ioctl(control, BTRFS_IOC_DEVICES_READY, &args);
	if (r < 0)
		return -errno;
	return file_write_fd(fd, r == 0 ? "1" : "0", 1);
}

static int take(struct run *run, const struct act *act, char *record)
{
	struct device *dev = devices_find(&run->devices, act->name);

	return dev ? device_set_membership(dev, NULL, streq_null(record, "1")) : 0;
}

const struct act_row btrfs_scan = { ACTION_SCAN, "ask the kernel about the btrfs on", DEADLINE, scan, take };
