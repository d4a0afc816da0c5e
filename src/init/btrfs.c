/* SPDX-License-Identifier: MIT */
/* btrfs: telling the kernel of each device, and asking whether all are there. */
#include <endian.h>
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

/*
 * Of how many devices it is, by its superblock; 0: it cannot be read. The ioctl tells only whether all are there.
 * https://btrfs.readthedocs.io/en/latest/dev/On-disk-format.html, "Superblock"
 */
static unsigned int read_total(const char *path)
{
	static const char magic[] = "_BHRfS_M";
	_cleanup_close_ int disk = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t block[0x90];
	uint64_t total;

	if (disk < 0 || pread(disk, block, sizeof(block), 0x10000) != sizeof(block) ||
	    memcmp(block + 0x40, magic, strlen(magic)) != 0)
		return 0;
	memcpy(&total, block + 0x88, sizeof(total));
	return (unsigned int)le64toh(total);
}

/* In the worker: both read the device. The record is "WHOLE TOTAL": 1 or 0, and of how many devices. */
static int scan(int fd, void *data)
{
	const struct act *act = data;
	_cleanup_close_ int control = open_control(fd);
	struct btrfs_ioctl_vol_args args = { 0 };
	char record[32];
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
	(void)snprintf(record, sizeof(record), "%d %u", r == 0, read_total(act->path));
	return file_write_fd(fd, record, strlen(record));
}

static int take(struct run *run, const struct act *act, char *record)
{
	struct device *dev = devices_find(&run->devices, act->name);
	int whole = 0;
	unsigned int total = 0;

	if (!dev || !record || sscanf(record, "%d %u", &whole, &total) < 1)
		return 0;
	return device_set_membership(dev, NULL, whole, total);
}

const struct act_row btrfs_scan = { ACTION_SCAN, "ask the kernel about the btrfs on", "btrfs scan", DEADLINE, scan,
				    take, "btrfs" };
