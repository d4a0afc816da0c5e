/* SPDX-License-Identifier: MIT */
/* merge: a tree laid over another one. */
#include "init/merge.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"

static int move(int from, int to, const char *name);

int merge(int from, int to)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *de;
	int r = file_open_dir(from, ".", &dir);

	while (r == 0 && (errno = 0, de = readdir(dir)))
		if (!streq(de->d_name, ".") && !streq(de->d_name, ".."))
			r = move(from, to, de->d_name);
	return r < 0 ? r : -errno;
}

/* rename(2) takes the place of an empty directory, and refuses one that has something in it or on it. */
static int move(int from, int to, const char *name)
{
	_cleanup_close_ int source = -EBADF, target = -EBADF;
	int error, r;

	if (renameat(from, name, to, name) == 0)
		return 0;
	error = errno;
	source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	target = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source < 0 || target < 0)
		return -error;
	r = merge(source, target);
	if (r == 0 && unlinkat(from, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}
