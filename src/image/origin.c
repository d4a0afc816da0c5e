/* SPDX-License-Identifier: MIT */
/* origin: file systems of this machine, and the block devices that each of them is on. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/strv.h"
#include "image/blockname.h"
#include "image/fstab.h"
#include "image/sysfs.h"

static int add_filesystem(struct survey *s, enum target_use use, const char *fstype, const char *source)
{
	struct target *t = s->target;
	struct target_fs *grown = realloc(t->filesystems, (t->n_filesystems + 1) * sizeof(*grown)), *fs;

	if (!grown)
		return -ENOMEM;
	t->filesystems = grown;
	fs = &grown[t->n_filesystems++];
	*fs = (struct target_fs){ .use = use };
	if (string_set(&fs->source, source) < 0 || string_set(&fs->fstype, fstype) < 0)
		return -ENOMEM;
	return 0;
}

/* The directory of a mounted btrfs that has `device` among its own: "fs/btrfs/UUID/devices"; NULL: none. */
static int find_btrfs(struct survey *s, const char *device, char **ret)
{
	_cleanup_strv_ char **uuids = NULL;
	int r = sysfs_list(s->from->sysfd, "fs/btrfs", "", &uuids);

	STRV_FOREACH(uuid, uuids) {
		_cleanup_free_ char *dir = NULL;

		if (asprintf(&dir, "fs/btrfs/%s/devices", *uuid) < 0)
			return -ENOMEM;
		if (r == 0 && sysfs_has(s->from->sysfd, dir, device)) {
			*ret = TAKE_PTR(dir);
			return 0;
		}
	}
	return r;
}

/* A btrfs stands on all its devices; mountinfo names one of them. Documentation/ABI/testing/sysfs-fs-btrfs */
static int add_members(struct survey *s, const char *device)
{
	_cleanup_free_ char *dir = NULL;
	_cleanup_strv_ char **names = NULL;
	int r = find_btrfs(s, device, &dir);

	if (r == 0 && dir)
		r = sysfs_list(s->from->sysfd, dir, "", &names);
	STRV_FOREACH(name, names) {
		_cleanup_free_ char *member = NULL;

		if (r == 0)
			r = sysfs_follow(s->from->sysfd, dir, *name, &member);
		if (r == 0 && member)
			r = layer_add(s, member);
	}
	return r;
}

/* `name` may be several: bcachefs is "/dev/sda:/dev/sdb". A number has a colon too. */
static int add_devices(struct survey *s, const char *name)
{
	_cleanup_strv_ char **names = NULL;
	int r = *name == '/' ? strv_split(&names, name, ":") : strv_push(&names, name);

	STRV_FOREACH(n, names) {
		_cleanup_free_ char *path = NULL;

		if (r < 0 || (r = blockname_find(s->from, *n, &path)) < 0)
			return r;
		if (!path)
			return survey_why(s, -ENODEV, "no block device %s is in /sys%s", *n,
					  strchr(*n, '=') ? " and /dev/disk" : "");
		r = layer_add(s, path);
		if (r == 0)
			r = add_members(s, sysfs_name(path));
	}
	return r;
}

/*
 * Without an initrd the kernel mounts what it calls /dev/root; of a btrfs, whose number is its own, that tells nothing.
 * Unless there is but one. Beside the file systems fs/btrfs has "features".
 */
static int add_only_btrfs(struct survey *s)
{
	_cleanup_strv_ char **uuids = NULL, **names = NULL;
	const char *only = NULL;
	_cleanup_free_ char *dir = NULL;
	int r = sysfs_list(s->from->sysfd, "fs/btrfs", "", &uuids);

	STRV_FOREACH(uuid, uuids) {
		if (strlen(*uuid) != 36)
			continue;
		if (only)
			return survey_why(s, -ENODEV, "/ is one of several btrfs, and its source is only /dev/root");
		only = *uuid;
	}
	if (asprintf(&dir, "fs/btrfs/%s/devices", only ?: "none") < 0)
		return -ENOMEM;
	if (r == 0)
		r = sysfs_list(s->from->sysfd, dir, "", &names);
	if (r == 0 && !names)
		return survey_why(s, -ENODEV, "/ is a btrfs that /sys/fs/btrfs does not list");
	return r < 0 ? r : add_members(s, names[0]);
}

/*
 * By its number; a file system that may have several devices has a number of its own, and only its source says
 * where it lies.
 */
static int add_mounted(struct survey *s, enum target_use use, const struct mount_entry *e)
{
	char number[32];
	int r = add_filesystem(s, use, e->fstype, e->source);

	if (r < 0)
		return r;
	(void)snprintf(number, sizeof(number), "%u:%u", major(e->dev), minor(e->dev));
	if (major(e->dev) != 0)
		return add_devices(s, number);
	if (streq(e->source, "/dev/root") && streq(e->fstype, "btrfs"))
		return add_only_btrfs(s);
	if (startswith(e->source, "/dev/"))
		return add_devices(s, e->source);
	return survey_why(s, -ENOTBLK, "%s is %s (%s), which is on no block device", e->target, e->fstype,
			  streq(e->fstype, "overlay") ? "a container or a live system" : e->source);
}

/* A directory of a file system is the root of a container; of btrfs it is a subvolume, of ostree a deployment. */
static int check_whole(struct survey *s, const struct mount_entry *e)
{
	if (streq(e->root, "/") || streq(e->fstype, "btrfs") || streq(e->fstype, "bcachefs") ||
	    startswith(e->root, "/ostree/"))
		return 0;
	return survey_why(s, -ENOTBLK, "%s is the directory %s of a file system: a container or a chroot", e->target,
			  e->root);
}

static const char *mountpoint_name(const struct survey *s, const char *below, char path[4096])
{
	(void)snprintf(path, 4096, "%s%s", streq(s->from->mountpoint, "/") ? "" : s->from->mountpoint, below);
	return *path ? path : "/";
}

static const struct mount_entry *find_mount(const struct survey *s, const char *below)
{
	char path[4096];

	return mountinfo_find_target(&s->mounts, mountpoint_name(s, below, path));
}

/* The type of what the user names, or the fstab: of a device that is mounted somewhere the kernel knows it. */
static const char *mounted_type(const struct survey *s, const char *path)
{
	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct mount_entry *e = &s->mounts.items[i];
		_cleanup_free_ char *device = NULL;

		if (startswith(e->source, "/dev/") && blockname_find(s->from, e->source, &device) == 0 && device &&
		    streq(device, path))
			return e->fstype;
	}
	return NULL;
}

static int add_named(struct survey *s, enum target_use use, const char *name, const char *fstype)
{
	_cleanup_free_ char *path = NULL;
	int r = blockname_find(s->from, name, &path);

	if (r == 0 && path && !fstype)
		fstype = mounted_type(s, path);
	if (r == 0)
		r = add_filesystem(s, use, fstype, name);
	return r < 0 ? r : add_devices(s, name);
}

static int add_from_fstab(struct survey *s, enum target_use use, const char *target)
{
	_cleanup_free_ char *source = NULL, *fstype = NULL;
	int r = s->from->fstab ? fstab_find(s->from->fstab, target, &source, &fstype) : -ENOENT;

	return r < 0 ? r : add_named(s, use, source, fstype);
}

int origin_add_root(struct survey *s)
{
	const struct mount_entry *e = find_mount(s, "");
	_cleanup_free_ char *fstype = NULL;
	int r;

	if (s->from->root_device) {
		if (s->from->fstab && fstab_find(s->from->fstab, "/", NULL, &fstype) == -ENOMEM)
			return -ENOMEM;
		return add_named(s, USE_ROOT, s->from->root_device, fstype);
	}
	if (e)
		return (r = check_whole(s, e)) < 0 ? r : add_mounted(s, USE_ROOT, e);
	/* The rows of a running system's fstab are for that system, and it is not what is running here. */
	r = streq(s->from->mountpoint, "/") ? -ENOENT : add_from_fstab(s, USE_ROOT, "/");
	if (r != -ENOENT)
		return r;
	if (streq(s->from->mountpoint, "/"))
		return survey_why(s, -ENODEV, "no / is in /proc/self/mountinfo: a chroot into a directory");
	return survey_why(s, -ENODEV, "nothing is mounted at %s, and its /etc/fstab names no root",
			  s->from->mountpoint);
}

int origin_add_usr(struct survey *s)
{
	const struct mount_entry *e = find_mount(s, "/usr");
	int r;

	if (e)
		return add_mounted(s, USE_USR, e);
	/* What a running system has not mounted it has not booted from. */
	if (streq(s->from->mountpoint, "/") && !s->from->root_device)
		return 0;
	r = add_from_fstab(s, USE_USR, "/usr");
	return r == -ENOENT ? 0 : r;
}

int origin_add_below(struct survey *s, const char *file)
{
	const struct mount_entry *best = NULL;
	size_t length = 0;

	for (size_t i = 0; i < s->mounts.n; i++) {
		const struct mount_entry *e = &s->mounts.items[i];
		const char *rest = startswith(file, e->target);
		size_t n = strlen(e->target);

		if (rest && n >= length && (*rest == '/' || endswith(e->target, "/"))) {
			best = mountinfo_find_target(&s->mounts, e->target);
			length = n;
		}
	}
	if (!best)
		return survey_why(s, -ENODEV, "nothing is mounted where %s is, which a loop device of / reads", file);
	return add_mounted(s, USE_BELOW, best);
}

/*
 * Nothing is read back from what a random key encrypts; memory holds no swap that survives; a file lies on what is
 * mounted.
 */
static int may_resume(struct survey *s, const char *path, bool *ret)
{
	_cleanup_free_ char *uuid = NULL;
	int r = sysfs_read(s->from->sysfd, path, "dm/uuid", &uuid);

	if (r < 0)
		return r;
	*ret = !(uuid && startswith(uuid, "CRYPT-PLAIN-")) && !startswith(sysfs_name(path), "zram");
	return 0;
}

static int add_swap(struct survey *s, const char *name)
{
	_cleanup_free_ char *path = NULL;
	bool resumable = false;
	int r = blockname_find(s->from, name, &path);

	if (r == 0 && path)
		r = may_resume(s, path, &resumable);
	if (r < 0 || !resumable)
		return r;
	r = add_filesystem(s, USE_SWAP, "swap", name);
	return r < 0 ? r : layer_add(s, path);
}

int origin_add_swaps(struct survey *s)
{
	_cleanup_free_ char *text = NULL;
	int r;

	/* Another machine's tree says nothing about this one's swap. */
	if (!streq(s->from->mountpoint, "/"))
		return 0;
	r = file_read(s->from->procfd, "swaps", 1 << 20, &text, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (char *p = text, *line; r == 0 && (line = strsep(&p, "\n"));) {
		char *rest = line, *name = strtok_r(line, " \t", &rest);
		char *type = name ? strtok_r(NULL, " \t", &rest) : NULL;

		if (!type || !streq(type, "partition"))
			continue;
		mountinfo_unescape(name);
		r = add_swap(s, name);
	}
	return r;
}
