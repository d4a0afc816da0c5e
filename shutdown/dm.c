/* SPDX-License-Identifier: MIT */
/* dm: device-mapper by its own ioctls: no libdevmapper, no udev, no name. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>

#include "base/file.h"
#include "shutdown/layer.h"

bool dm_matches(const struct node *n)
{
	const char *number = startswith(n->name, "dm-");

	return number && isdigit((unsigned char)*number);
}

/*
 * By device number: a name may have been renamed since. The kernel's dev field is huge_encode_dev()ed, which is
 * glibc's dev_t for every major below 4096.
 */
static int dm_call(int root, const struct node *n, unsigned long request, uint32_t flags, struct dm_ioctl *ret)
{
	_cleanup_close_ int fd = openat(root, "dev/mapper/control", O_RDWR | O_CLOEXEC);
	struct dm_ioctl dmi = {
		/* The major must match, the minor be no newer than the kernel's. */
		.version = { DM_VERSION_MAJOR, 0, 0 },
		.data_size = sizeof(dmi),
		.data_start = sizeof(dmi),
		.dev = n->dev,
		.flags = flags,
	};

	if (fd < 0)
		return -errno;
	if (ioctl(fd, request, &dmi) < 0)
		return -errno;
	if (ret)
		*ret = dmi;
	return 0;
}

static const char *state_of(const struct dm_ioctl *dmi)
{
	if (!(dmi->flags & DM_ACTIVE_PRESENT_FLAG))
		return "empty"; /* no table: it cannot even be opened, nor need it be resumed */
	return dmi->flags & DM_SUSPEND_FLAG ? "suspended" : "live";
}

/* One call for all of it, since there may be hundreds. */
static int read_status(int root, struct node *n)
{
	struct dm_ioctl dmi = { 0 };
	int r = dm_call(root, n, DM_DEV_STATUS, 0, &dmi);

	if (r < 0)
		return r;
	n->label = strndup(dmi.name, sizeof(dmi.name));
	n->detail = strndup(dmi.uuid, sizeof(dmi.uuid));
	n->state = strdup(state_of(&dmi));
	n->opened = dmi.open_count;
	return n->label && n->detail && n->state ? 0 : -ENOMEM;
}

int dm_read(int root, int dir, struct node *n)
{
	_cleanup_free_ char *suspended = NULL;
	int r = read_status(root, n);

	if (r == 0 || r == -ENOMEM)
		return r;
	/* Without the control node sysfs still says most of it. */
	r = file_read_line(dir, "dm/name", &n->label);
	if (r == 0)
		r = file_read_line(dir, "dm/uuid", &n->detail);
	if (r == 0)
		r = file_read_line(dir, "dm/suspended", &suspended);
	if (r < 0)
		return r;
	n->state = strdup(streq(suspended, "1") ? "suspended" : "live");
	return n->state ? 0 : -ENOMEM;
}

/*
 * What is still in the page cache of the device itself is written first: the removal does not report errors.
 * A suspended device is not written to, that would never end; an empty one cannot be opened.
 */
static int flush(int root, const struct node *n)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;

	if (!streq_null(n->state, "live"))
		return 0;
	if (asprintf(&path, "dev/%s", n->name) < 0)
		return -ENOMEM;
	fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return 0;
	return fsync(fd) < 0 ? -EIO : 0;
}

/* ENXIO: no such device any more, which is what was wanted. */
static int removal(int root, const struct node *n, uint32_t flags)
{
	int r = dm_call(root, n, DM_DEV_REMOVE, flags, NULL);

	return r == -ENXIO ? 0 : r;
}

int dm_remove(int root, const struct node *n)
{
	int flushed = flush(root, n), r = removal(root, n, 0);

	return flushed < 0 ? flushed : r;
}

/* Goes when it is closed for the last time; may be asked of a whole stack in any order, the kernel cascades. */
int dm_remove_deferred(int root, const struct node *n)
{
	return removal(root, n, DM_DEFERRED_REMOVE);
}

/* DM_DEV_SUSPEND without DM_SUSPEND_FLAG resumes. */
int dm_resume(int root, const struct node *n)
{
	return dm_call(root, n, DM_DEV_SUSPEND, 0, NULL);
}
