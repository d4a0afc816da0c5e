/* SPDX-License-Identifier: MIT */
/* oldroot: deleting the initramfs, by descriptor. */
#include <errno.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/macro.h"
#include "init/directory.h"
#include "init/oldroot.h"

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
	directory_empty(TAKE_FD(old), st.st_dev);
	return 0;
}
