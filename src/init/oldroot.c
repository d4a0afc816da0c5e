/* SPDX-License-Identifier: MIT */
/* oldroot: deleting the initramfs, by descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/macro.h"
#include "init/oldroot.h"

/* Takes `fd`. */
static void empty_directory(int fd, dev_t dev)
{
	_cleanup_closedir_ DIR *dir = fdopendir(fd);
	struct dirent *de;

	if (!dir) {
		(void)close(fd);
		return;
	}
	while ((de = readdir(dir))) {
		struct stat st;
		int sub;

		if (streq(de->d_name, ".") || streq(de->d_name, ".."))
			continue;
		if (unlinkat(dirfd(dir), de->d_name, 0) == 0 || errno != EISDIR)
			continue;
		/* Opened first, looked at then: what is deleted is what was looked at. */
		sub = openat(dirfd(dir), de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub < 0)
			continue;
		if (fstat(sub, &st) < 0 || st.st_dev != dev) {
			(void)close(sub);
			continue;
		}
		empty_directory(sub, dev);
		(void)unlinkat(dirfd(dir), de->d_name, AT_REMOVEDIR);
	}
}

int oldroot_empty(int fd)
{
	_cleanup_close_ int old = fd;
	struct stat st, now;
	struct statfs fs;

	if (fstat(old, &st) < 0 || fstatfs(old, &fs) < 0 || stat("/", &now) < 0)
		return -errno;
	/* A ramdisk, of whatever file system, is memory too. */
	if (fs.f_type != RAMFS_MAGIC && fs.f_type != TMPFS_MAGIC && major(st.st_dev) != RAMDISK_MAJOR)
		return -ENOTTY;
	if (st.st_dev == now.st_dev)
		return -EXDEV;
	empty_directory(TAKE_FD(old), st.st_dev);
	return 0;
}
