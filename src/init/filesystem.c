/* SPDX-License-Identifier: MIT */
/* filesystem: from a spec to a mounted file system. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mountinfo.h"
#include "init/driver.h"
#include "init/filesystem.h"
#include "init/gpt.h"
#include "init/probe.h"

static int wait_for(struct run *run, const struct filesystem *fs, const struct device **ret)
{
	uint64_t now = clock_monotonic();
	struct want want = {
		.what = fs->what,
		.spec = fs->spec,
		.since = now,
		.not_before = run->boot.delay ? clock_add(run->monotonic, run->boot.delay) : 0,
		.deadline = clock_add(now, run->boot.timeout),
		.degraded = fs->options && mount_has_option(fs->options, "degraded"),
		.at_once = probes_at_once(),
	};

	/* Reported once a wait, and the wait may be another try. */
	attempts_forget(&run->attempts, fs->what);
	return await_device(run, &want, ret);
}

/* One driver serves all of a row, or two serve the same: ext4 mounts what ext3 made. */
static const char *const relatives[][3] = {
	{ "ext4", "ext3", "ext2" },
	{ "ntfs3", "ntfs" },
	{ "vfat", "msdos" },
};

static bool are_relatives(const char *a, const char *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(relatives); i++) {
		bool has_a = false, has_b = false;

		for (size_t k = 0; k < ARRAY_SIZE(relatives[i]); k++) {
			has_a |= streq_null(relatives[i][k], a);
			has_b |= streq_null(relatives[i][k], b);
		}
		if (has_a && has_b)
			return true;
	}
	return false;
}

/*
 * rootfstype= may be a list, as the kernel takes it: what the device holds is chosen from it. Without one, what
 * it holds. Never another type than the one that is there: a mount by guess can destroy.
 */
static int choose_type(const struct filesystem *fs, const struct device *dev, const char **ret)
{
	const char *found = dev->tags.type;

	if (dev->tags.ambivalent) {
		log_error("cannot mount %s: it carries the signatures of several file systems; wipefs(8) shows them",
			  dev->devname);
		return -EMEDIUMTYPE;
	}
	if (!found && !fs->fstype) {
		log_error("cannot mount %s: no file system is known on it; rootfstype= names one", dev->devname);
		return -EMEDIUMTYPE;
	}
	if (found && fs->fstype && are_relatives(found, fs->fstype))
		found = fs->fstype;
	if (found && fs->fstype && !mount_has_option(fs->fstype, found)) {
		log_error("cannot mount %s: it holds %s, and %s was asked for", dev->devname, found, fs->fstype);
		return -EMEDIUMTYPE;
	}
	*ret = found ? found : fs->fstype;
	return 0;
}

/* A file system that is mounted already, as a subvolume of root's may be, was checked before that. */
static bool is_mounted(dev_t dev)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };

	if (mountinfo_read("/proc", &m) < 0)
		return false;
	for (size_t i = 0; i < m.n; i++)
		if (m.items[i].dev == dev)
			return true;
	return false;
}

static int check(struct run *run, const struct filesystem *fs, const struct device *dev, const char *fstype,
		 struct fsck_result *ret)
{
	struct fsck_request request = { .device = dev, .fstype = fstype, .what = fs->what, .unit = fs->unit };
	int span, r;

	if (!fs->check || is_mounted(dev->devno))
		return 0;
	span = profile_begin(&run->profile, SPAN_STAGE, fs->spans[1], dev->name);
	r = fsck_run(run, &request, ret);
	profile_end(&run->profile, span);
	return r;
}

static int do_mount(struct run *run, const struct filesystem *fs, const struct device *dev, const char *fstype)
{
	_cleanup_free_ char *source = NULL;
	struct mount_request request = {
		.target = fs->target,
		.fstype = fstype,
		.options = fs->options,
		.access = fs->access,
	};
	int span, r;

	if (asprintf(&source, "/dev/%s", dev->devname) < 0)
		return log_errno(-ENOMEM, "cannot mount %s", fs->what);
	request.source = source;
	if (streq_null(fs->access, "rw") &&
	    (dev->read_only || gpt_is_read_only(fs->spec, dev, &run->devices))) {
		log_warning("%s can only be read: mounting it ro although rw was asked for", source);
		request.access = "ro";
	}
	span = profile_begin(&run->profile, SPAN_STAGE, fs->spans[2], dev->name);
	r = mount_fs(run, &request);
	profile_end(&run->profile, span);
	if (r == 0)
		log_info("mounted %s (%s) on %s", source, fstype, fs->target);
	return r;
}

/*
 * What has come while it was checked may be its copy: of two neither is mounted. What comes later comes too late, here
 * as anywhere. `name`, `devno`: of what was checked.
 */
static int look_again(struct run *run, const struct filesystem *fs, const char *name, dev_t devno,
		      const struct device **ret)
{
	int r = loop_wait(run, 0);
	struct device *found;

	if (r < 0)
		return log_errno(r, "cannot look for a copy of the %s device", fs->what);
	found = devices_find(&run->devices, name);
	if (found && (found->read_upto == 0 || found->read_upto >= run->devices.announced)) {
		*ret = found;
		return 0;
	}
	if (found)
		found->read_upto = run->devices.announced;
	r = wait_for(run, fs, ret);
	if (r == 0 && (*ret)->devno != devno) {
		log_error("the %s device is another one than was checked: %s", fs->what, (*ret)->devname);
		return -EAGAIN;
	}
	return r;
}

/* Its driver is loaded while fsck runs; what waits for it takes in news, after which `dev` may be gone. */
static int prepare(struct run *run, const struct filesystem *fs, const struct device *dev, struct fsck_result *ret_fsck)
{
	_cleanup_free_ char *driver = NULL;
	const char *fstype;
	int r = choose_type(fs, dev, &fstype);

	if (r == 0 && string_set(&driver, fstype) < 0)
		r = log_errno(-ENOMEM, "cannot mount %s", fs->what);
	if (r == 0)
		r = driver_ask(run, driver);
	if (r == 0)
		r = check(run, fs, dev, fstype, ret_fsck);
	return r == 0 ? driver_wait(run, driver) : r;
}

int filesystem_mount(struct run *run, const struct filesystem *fs, struct fsck_result *ret_fsck, dev_t *ret_dev)
{
	_cleanup_free_ char *name = NULL;
	const struct device *dev;
	const char *fstype;
	int span = profile_begin(&run->profile, SPAN_WAIT, fs->spans[0], NULL);
	int r = wait_for(run, fs, &dev);
	dev_t devno = r == 0 ? dev->devno : 0;

	profile_found(&run->profile, span, r == 0 ? dev->name : NULL);
	if (r < 0)
		return r;
	if (string_set(&name, dev->name) < 0)
		return log_errno(-ENOMEM, "cannot mount %s", fs->what);
	r = prepare(run, fs, dev, ret_fsck);
	if (r == 0)
		r = look_again(run, fs, name, devno, &dev);
	if (r == 0)
		r = choose_type(fs, dev, &fstype);
	if (r == 0)
		r = do_mount(run, fs, dev, fstype);
	if (r < 0)
		return r;
	*ret_dev = dev->devno;
	return 0;
}
