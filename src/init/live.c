/* SPDX-License-Identifier: MIT */
/* live: a root that is made of layers. */
#include "init/live.h"

#include <errno.h>
#include <sys/mount.h>

#include "base/clock.h"
#include "base/exitrd.h"
#include "base/file.h"
#include "base/inroot.h"
#include "base/log.h"
#include "base/worker.h"
#include "init/filesystem.h"
#include "init/image.h"
#include "init/keep.h"
#include "init/loopdev.h"
#include "init/overlay.h"
#include "init/rootfile.h"
#include "init/run.h"

#define DEADLINE    (60 * USEC_PER_SEC)
#define COPYING     (600 * USEC_PER_SEC)
#define POLL_MEDIUM "/sys/module/block/parameters/events_dfl_poll_msecs"

/*
 * A drive does not tell by itself that a disc was put in: the kernel asks it, where that is wanted (udev's
 * 60-block.rules want it in the booted system, every two seconds).
 */
static void watch_drives(void)
{
	uint64_t msecs = 0;

	if (file_read_u64(AT_FDCWD, POLL_MEDIUM, &msecs) == 0 && msecs == 0)
		(void)file_write(AT_FDCWD, POLL_MEDIUM, "2000", 0);
}

/* Of an installed root the check is that of any; a medium that is only read needs none. */
static int open_medium(struct run *run)
{
	const struct boot_live *l = &run->boot.live;
	const struct filesystem fs = {
		.what = l->plain ? "root" : "medium",
		.spec = &l->medium.spec,
		.fstype = l->medium.fstype,
		.options = l->medium.flags,
		.access = l->upper == UPPER_MEDIUM ? "rw" : "ro",
		.target = LIVE_MEDIUM,
		.check = l->plain || l->upper == UPPER_MEDIUM,
		.unit = l->plain ? "systemd-fsck-root.service" : "",
		.spans = { "root/medium-wait", "root/medium-fsck", "root/medium-mount" },
	};
	struct fsck_result check = { 0 };
	dev_t dev;
	int r;

	if (mount_is_mountpoint(LIVE_MEDIUM))
		return 0;
	r = filesystem_mount(run, &fs, l->plain ? &run->root_fsck : &check, &dev);
	free(check.unit);
	return r;
}

const char *live_lower(void)
{
	return mount_is_mountpoint(LIVE_IMAGE) ? LIVE_IMAGE : LIVE_MEDIUM;
}

/* In the worker: the directory `data` of the medium, over the root. */
static int copy_files(int fd, void *data)
{
	_cleanup_close_ int medium = open(LIVE_MEDIUM, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int root = open(SYSROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC), from = -EBADF;

	if (medium < 0 || root < 0)
		return -errno;
	from = inroot_open(medium, data, O_RDONLY | O_DIRECTORY);
	return from < 0 ? from : exitrd_copy(from, root);
}

static int add_files(struct run *run)
{
	const char *files = run->boot.live.files;
	int r;

	if (!files)
		return 0;
	r = worker_call(copy_files, (void *)files, clock_add(clock_monotonic(), COPYING), NULL, NULL);
	return r < 0 ? log_errno(r, "cannot copy the files of %s on the medium over the root", files) : 0;
}

/* In the worker: what is unmounted may be on a disk that does not answer. */
static int unmount(int fd, void *data)
{
	return umount2(data, UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

static int leave(const char *target)
{
	if (!mount_is_mountpoint(target))
		return 0;
	return worker_call(unmount, (void *)target, clock_add(clock_monotonic(), DEADLINE), NULL, NULL);
}

/* All that is needed of it is in memory. */
static void leave_medium(struct run *run)
{
	const struct boot_live *l = &run->boot.live;
	int r;

	if (!l->ram || l->upper == UPPER_MEDIUM)
		return;
	r = leave(LIVE_MEDIUM);
	if (r == 0 && run->boot.file.path) {
		r = loopdev_detach(run, ROOTFILE_HOST);
		if (r == 0)
			r = leave(ROOTFILE_HOST);
	}
	if (r < 0)
		log_warning("cannot unmount the medium %s, which has to stay: %s, ignoring", l->medium.spec.text,
			    strerror(-r));
	else
		log_notice("the medium %s may be taken out", l->medium.spec.text);
}

int live_open(struct run *run)
{
	const struct boot *boot = &run->boot;
	int r = file_mkdir_parents(AT_FDCWD, LIVE_MEDIUM, 0755);

	if (r < 0)
		return log_errno(r, "cannot make " LIVE_MEDIUM);
	if (boot->live.medium.spec.kind == SPEC_NONE) {
		log_error("no medium is given: the kernel command line lacks root= or rd.slipway.medium= (allowed: %s)",
			  spec_allowed);
		return -EDESTADDRREQ;
	}
	watch_drives();
	if (boot->file.path && (r = rootfile_open(run)) < 0)
		return r;
	if ((r = open_medium(run)) < 0 || (r = image_open(run)) < 0 || (r = overlay_mount(run)) < 0 ||
	    (r = add_files(run)) < 0)
		return r;
	leave_medium(run);
	keep_layers(&run->boot.live);
	return 0;
}
