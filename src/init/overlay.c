/* SPDX-License-Identifier: MIT */
/* overlay: what is written above the lowest layer. */
#include "init/overlay.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/worker.h"
#include "init/driver.h"
#include "init/directory.h"
#include "init/filesystem.h"
#include "init/live.h"
#include "init/run.h"
#include "init/usronly.h"

#define DEADLINE (600 * USEC_PER_SEC) /* what is deleted may be much */

/* overlayfs's two directories, whole paths. */
struct dirs {
	char *upper, *work;
	bool reset;
};

static void dirs_free(struct dirs *d)
{
	free(d->upper);
	free(d->work);
}

static int mount_tmpfs(struct run *run, const char *target)
{
	const char *size = run->boot.live.upper_size;
	_cleanup_free_ char *options = NULL;
	struct mount_request m = { .source = "tmpfs", .target = target, .fstype = "tmpfs" };
	int r = file_mkdir_parents(AT_FDCWD, target, 0755);

	if (r < 0)
		return log_errno(r, "cannot make %s", target);
	if (mount_is_mountpoint(target))
		return 0;
	if (asprintf(&options, "mode=0755%s%s", size ? ",size=" : "", size ? size : "") < 0)
		return log_errno(-ENOMEM, "cannot mount %s", target);
	m.options = options;
	return mount_fs(run, &m);
}

static int mount_store(struct run *run)
{
	const struct boot_live *l = &run->boot.live;
	const struct filesystem fs = {
		.what = "upper",
		.spec = &l->store.spec,
		.fstype = l->store.fstype,
		.options = l->store.flags,
		.access = l->read_only ? "ro" : "rw",
		.target = LIVE_UPPER,
		.check = true,
		.unit = "",
		.spans = { "root/upper-wait", "root/upper-fsck", "root/upper-mount" },
	};
	struct fsck_result check = { 0 };
	dev_t dev;
	int r = file_mkdir_parents(AT_FDCWD, LIVE_UPPER, 0755);

	if (r < 0)
		return log_errno(r, "cannot make " LIVE_UPPER);
	if (mount_is_mountpoint(LIVE_UPPER))
		return 0;
	r = filesystem_mount(run, &fs, &check, &dev);
	free(check.unit);
	return r;
}

static dev_t device_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_dev;
}

/* The tags of the medium's device, for a directory that is named after them. */
static const struct tags *medium_tags(const struct run *run)
{
	static const struct tags none;
	dev_t dev = device_of(LIVE_MEDIUM);

	for (size_t i = 0; i < run->devices.n; i++)
		if (run->devices.items[i]->devno == dev)
			return &run->devices.items[i]->tags;
	return &none;
}

/* A label is no path. */
static void put_name(FILE *f, const char *name)
{
	for (; name && *name; name++)
		(void)fputc(strchr("/,:\\", *name) ? '_' : *name, f);
}

/* `top` and `path`, with the tags in the place of %L and %U. */
static int expand(const char *top, const char *path, const struct tags *tags, char **ret)
{
	size_t size;
	FILE *f = open_memstream(ret, &size);

	if (!f)
		return -ENOMEM;
	(void)fprintf(f, "%s%s", top, *path == '/' ? "" : "/");
	for (; *path; path++) {
		if (startswith(path, "%L"))
			put_name(f, tags->label);
		else if (startswith(path, "%U"))
			put_name(f, tags->uuid);
		else
			(void)fputc(*path, f);
		path += (startswith(path, "%L") || startswith(path, "%U")) ? 1 : 0;
	}
	return fclose(f) == 0 ? 0 : -ENOMEM;
}

static int make_empty(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	directory_empty(TAKE_FD(fd), st.st_dev);
	return 0;
}

/* In the worker. */
static int make_dirs(int fd, void *data)
{
	const struct dirs *d = data;
	const char *const paths[] = { d->upper, d->work };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r = file_mkdir_parents(AT_FDCWD, paths[i], 0755);

		if (r == 0 && d->reset)
			r = make_empty(paths[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int prepare_dirs(struct dirs *d)
{
	int r = worker_call(make_dirs, d, clock_add(clock_monotonic(), DEADLINE), NULL, NULL);

	return r < 0 ? log_errno(r, "cannot make %s and %s, for what is written", d->upper, d->work) : 0;
}

/* Where it is kept, in `*ret`. */
static int open_store(struct run *run, struct dirs *ret)
{
	const struct boot_live *l = &run->boot.live;
	const char *top = l->upper == UPPER_MEDIUM ? LIVE_MEDIUM : LIVE_UPPER;
	const struct tags *tags = medium_tags(run);
	int r = 0;

	if (l->upper == UPPER_TMPFS)
		r = mount_tmpfs(run, LIVE_UPPER);
	else if (l->upper == UPPER_DEVICE)
		r = mount_store(run);
	if (r < 0)
		return r;
	ret->reset = l->reset;
	if (expand(top, l->upper_dir, tags, &ret->upper) < 0 || expand(top, l->work_dir, tags, &ret->work) < 0)
		return log_errno(-ENOMEM, "cannot mount the root");
	return 0;
}

/* What was written before is one more layer that is only read, and above it is memory. */
static int cover(struct run *run, char **lower, struct dirs *d)
{
	_cleanup_free_ char *both = NULL;
	int r = access(d->upper, F_OK) < 0 ? -errno : mount_tmpfs(run, OVERLAY_SECOND);

	if (r < 0)
		return log_errno(r, "cannot use %s", d->upper);
	if (asprintf(&both, "%s:%s", d->upper, *lower) < 0)
		return log_errno(-ENOMEM, "cannot mount the root");
	free(*lower);
	*lower = TAKE_PTR(both);
	if (string_set(&d->upper, OVERLAY_SECOND "/upper") < 0 || string_set(&d->work, OVERLAY_SECOND "/work") < 0)
		return log_errno(-ENOMEM, "cannot mount the root");
	return 0;
}

static int mount_layers(struct run *run)
{
	const struct boot_live *l = &run->boot.live;
	_cleanup_(dirs_free) struct dirs d = { 0 };
	_cleanup_free_ char *lower = strdup(live_lower()), *options = NULL;
	struct mount_request m = { .source = "overlay", .target = SYSROOT, .fstype = "overlay" };
	int r = lower ? driver_ask(run, "overlay") : -ENOMEM;

	if (r < 0)
		return log_errno(r, "cannot mount the root");
	r = open_store(run, &d);
	if (r == 0 && l->read_only && l->upper != UPPER_TMPFS)
		r = cover(run, &lower, &d);
	if (r == 0)
		r = prepare_dirs(&d);
	if (r == 0)
		r = driver_wait(run, "overlay");
	if (r < 0)
		return r;
	if (asprintf(&options, "lowerdir=%s,upperdir=%s,workdir=%s", lower, d.upper, d.work) < 0)
		return log_errno(-ENOMEM, "cannot mount the root");
	m.options = options;
	return mount_fs(run, &m);
}

int overlay_mount(struct run *run)
{
	const struct boot_live *l = &run->boot.live;

	if (l->usr_only)
		return usronly_mount(run);
	if (l->upper != UPPER_NONE)
		return mount_layers(run);
	if (mount(live_lower(), SYSROOT, NULL, MS_BIND, NULL) < 0)
		return log_errno(-errno, "cannot mount %s on " SYSROOT, live_lower());
	return 0;
}
