/* SPDX-License-Identifier: MIT */
/* md: software RAID by ioctl and sysfs: stopping an array marks its members clean. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <linux/raid/md_u.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "shutdown/layer.h"
#include "shutdown/mdmon.h"

bool md_matches(const struct node *n)
{
	const char *rest = startswith(n->name, "md");

	/* "md0", and "md_d0" or "md_home" of CREATE names=yes */
	return rest && (isdigit((unsigned char)*rest) || *rest == '_');
}

int md_read(int root, int dir, struct node *n)
{
	int r;

	r = file_read_line(dir, "md/array_state", &n->state);
	if (r < 0)
		return r;
	/* A node may linger after its array was stopped: it is nothing then. */
	if (streq(n->state, "clear"))
		return -ENOENT;
	r = file_read_line(dir, "md/metadata_version", &n->label);
	if (r == 0)
		r = file_read_line(dir, "md/level", &n->detail);
	return r;
}

static int open_md(int root, const struct node *n, int flags)
{
	_cleanup_free_ char *path = NULL;
	int fd;

	if (asprintf(&path, "dev/%s", n->name) < 0)
		return -ENOMEM;
	fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
	return fd < 0 ? -errno : fd;
}

/* An inactive array takes no requests, it answers a flush with an error. */
static bool is_inactive(const struct node *n)
{
	return streq_null(n->state, "inactive");
}

/* O_EXCL: refused while something is mounted from it or holds it, before anything is asked of the array. */
static int flush(int root, const struct node *n)
{
	_cleanup_close_ int fd = open_md(root, n, O_EXCL);

	if (fd < 0)
		return fd;
	return !is_inactive(n) && fsync(fd) < 0 ? -EIO : 0;
}

/* "external:imsm" of a container; "external:/md127/0" of its volume, "external:-md127/0" of one that is read-only. */
static const char *external_kind(const struct node *n)
{
	return n->label ? startswith(n->label, "external:") : NULL;
}

bool md_is_container(const struct node *n)
{
	const char *kind = external_kind(n);

	return md_matches(n) && kind && *kind != '/' && *kind != '-';
}

const char *md_container_of(const struct node *n)
{
	const char *kind = external_kind(n);

	return kind && (*kind == '/' || *kind == '-') ? kind + 1 : NULL;
}

/* A volume of external metadata. What has no redundancy has no state that mdmon would have to write. mdmon(8) */
bool md_is_monitored(const struct node *n)
{
	return md_container_of(n) && !streq_null(n->detail, "raid0") && !streq_null(n->detail, "linear");
}

/*
 * mdmon hears of it through array_state: asked to be "inactive" the array is stopped, and mdmon marks its metadata
 * clean. Refused while the device is open, by us too.
 */
static int deactivate(int root, const struct node *n)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;

	if (asprintf(&path, "sys/block/%s/md/array_state", n->name) < 0)
		return -ENOMEM;
	fd = openat(root, path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : file_write_fd(fd, "inactive\n", strlen("inactive\n"));
}

static int stop(int root, const struct node *n)
{
	_cleanup_close_ int fd = open_md(root, n, O_EXCL);

	if (fd < 0)
		return fd;
	return ioctl(fd, STOP_ARRAY, NULL) < 0 ? -errno : 0;
}

/*
 * mdmon clears the array itself when that is written, but tries only once, and the kernel may not be through with it
 * yet ("still in use": mddev->sysfs_active, drivers/md/md.c).
 */
static int clear(int root, const struct node *n)
{
	const char *of = md_container_of(n);
	_cleanup_free_ char *container = strndup(of, strcspn(of, "/"));
	int r = container ? mdmon_await(root, container, n->name) : -ENOMEM;

	if (r == -ECHILD || r == -ENOENT)
		return -EINPROGRESS;
	return r < 0 ? r : stop(root, n);
}

int md_stop(int root, const struct node *n)
{
	int flushed, r;

	if (md_is_monitored(n) && is_inactive(n))
		return clear(root, n);
	flushed = flush(root, n);
	if (flushed < 0 && flushed != -EIO)
		return flushed;
	r = md_is_monitored(n) ? deactivate(root, n) : stop(root, n);
	return r < 0 ? r : flushed;
}

bool md_is_forsaken(const struct node *n, const struct standing *st)
{
	return when_leaf(n, st) && md_is_monitored(n) && is_inactive(n);
}

int md_clear(int root, const struct node *n)
{
	int r = stop(root, n);

	/* It is gone, but nobody has written that it is clean: the next boot synchronises it anew. */
	return r < 0 ? r : -EIO;
}
