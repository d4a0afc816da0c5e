/* SPDX-License-Identifier: MIT */
/* look: is a file on a device's file system? Of a medium that is a file itself only its path is known. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/inroot.h"
#include "init/act.h"
#include "init/run.h"

#define DEADLINE (60 * USEC_PER_SEC)
#define DIR_LOOK "/run/slipway/look"

/* What keeps a file system from writing to a disk that is only looked at: no journal is replayed. */
static const struct {
	const char *type, *data;
} silent[] = {
	{ "ext4",  "noload"     },
	{ "ext3",  "noload"     },
	{ "xfs",   "norecovery" },
	{ "btrfs", "rescue=nologreplay" },
};

static const char *silent_data(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		if (streq(silent[i].type, type))
			return silent[i].data;
	return NULL;
}

/* In the worker, in a mount namespace of its own: the device is free again when it ends. The record: "1", or "0". */
static int look(int out, void *data)
{
	const struct act *act = data;
	const struct device *dev = devices_find(&act->run->devices, act->name);
	_cleanup_close_ int top = -EBADF, file = -EBADF;
	struct stat st;
	bool found;
	int r;

	if (!dev)
		return -ENODEV;
	r = file_mkdir_parents(AT_FDCWD, DIR_LOOK, 0700);
	if (r < 0)
		return r;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(act->path, DIR_LOOK, dev->tags.type, MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC,
		  silent_data(dev->tags.type)) < 0)
		return -errno;
	top = open(DIR_LOOK, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -errno;
	file = inroot_open(top, act->run->boot.file.path, O_PATH);
	found = file >= 0 && fstat(file, &st) == 0 && S_ISREG(st.st_mode);
	return file_write_fd(out, found ? "1" : "0", 1);
}

static int take(struct run *run, const struct act *act, char *record)
{
	struct device *dev = devices_find(&run->devices, act->name);

	return dev && streq_null(record, "1") ? string_set(&dev->holds, run->boot.file.path) : 0;
}

const struct act_row look_for_file = { ACTION_LOOK, "look for the medium's file on", "look", DEADLINE, look, take, "" };
