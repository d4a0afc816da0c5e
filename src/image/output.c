/* SPDX-License-Identifier: MIT */
/* output: the image's file, whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "base/log.h"
#include "image/output.h"

struct output {
	int dir;
	char *name, *temporary; /* in that directory */
	int fd;
};

static void output_close(struct output *o)
{
	/* Only who holds the lock may remove it; after the rename there is nothing of the name. */
	if (o->fd >= 0)
		(void)unlinkat(o->dir, o->temporary, 0);
	close_fd(&o->fd);
	close_fd(&o->dir);
	free(o->name);
	free(o->temporary);
}

static int open_directory(const char *path, struct output *o)
{
	_cleanup_free_ char *copy = strdup(path), *other = strdup(path);
	const char *dir;

	if (!copy || !other || !(o->name = strdup(basename(other))) ||
	    asprintf(&o->temporary, ".%s.slipway", o->name) < 0)
		return -ENOMEM;
	dir = dirname(copy);
	o->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->dir < 0)
		return log_errno(-errno, "cannot write %s: cannot open directory %s", path, dir);
	return 0;
}

/* Is it still the file of that name, ours alone? Another process may have renamed it. */
static int check_temporary(const struct output *o, int fd)
{
	struct stat held, named;

	if (fstat(fd, &held) < 0)
		return -errno;
	if (held.st_uid != geteuid() || !S_ISREG(held.st_mode) || held.st_nlink > 1)
		return -EPERM;
	if (fstatat(o->dir, o->temporary, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	return held.st_ino == named.st_ino && held.st_dev == named.st_dev ? 0 : -EAGAIN;
}

/*
 * The temporary name is always the same, so that what a killed build left is not left for ever on
 * a small /boot. That needs a lock, or two builds would write into one file.
 */
static int open_temporary(struct output *o)
{
	for (;;) {
		_cleanup_close_ int fd =
			openat(o->dir, o->temporary,
			       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
		int r;

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			return errno == EWOULDBLOCK ? -EBUSY : -errno;
		r = check_temporary(o, fd);
		if (r == -EAGAIN)
			continue;
		if (r < 0)
			return r;
		o->fd = TAKE_FD(fd);
		return ftruncate(o->fd, 0) < 0 || fchmod(o->fd, 0600) < 0 ? -errno : 0;
	}
}

static int take_room(const struct output *o, size_t size)
{
	struct statvfs fs;

	if (fallocate(o->fd, 0, 0, (off_t)size) == 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	/* vfat on old kernels, some network file systems: asked, if not taken. */
	if (fstatvfs(o->fd, &fs) == 0 && fs.f_blocks > 0 && fs.f_bavail * fs.f_frsize < size)
		return -ENOSPC;
	return 0;
}

static int write_all(const struct output *o, const void *data, size_t size)
{
	int r = file_write_fd(o->fd, data, size);

	if (r < 0)
		return r;
	return fsync(o->fd) < 0 ? -errno : 0;
}

int output_write(const char *path, const void *data, size_t size)
{
	_cleanup_(output_close) struct output o = { .dir = -EBADF, .fd = -EBADF };
	int r = open_directory(path, &o);

	if (r < 0)
		return r;
	r = open_temporary(&o);
	if (r == -EBUSY) {
		log_error("cannot write %s: another slipway is writing it", path);
		return r;
	}
	if (r < 0)
		return log_errno(r, "cannot write %s: cannot open its temporary file %s", path,
				 o.temporary);
	r = take_room(&o, size);
	if (r == 0)
		r = write_all(&o, data, size);
	if (r < 0)
		return log_errno(r, "cannot write %s (%zu bytes), the old file is kept", path,
				 size);
	if (renameat(o.dir, o.temporary, o.dir, o.name) < 0)
		return log_errno(-errno, "cannot rename %s to %s", o.temporary, path);
	(void)close(TAKE_FD(o.fd));
	return fsync(o.dir) < 0 ? log_errno(-errno, "cannot flush the directory of %s", path) : 0;
}
