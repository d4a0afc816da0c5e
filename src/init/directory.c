/* SPDX-License-Identifier: MIT */
/* directory: one from which all is deleted. */
#include "init/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/macro.h"

void directory_empty(int fd, dev_t dev)
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
		directory_empty(sub, dev);
		(void)unlinkat(dirfd(dir), de->d_name, AT_REMOVEDIR);
	}
}
