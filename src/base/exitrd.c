/* SPDX-License-Identifier: MIT */
/* exitrd: a directory filled for the way back: complete, or without `shutdown` and so not at all. */
#include <errno.h>
#include <sys/stat.h>

#include "base/exitrd.h"
#include "base/file.h"

static int copy_directory(int from, int to, bool top);

static int copy_symlink(int from, int to, const char *name)
{
	char target[4096];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	(void)unlinkat(to, name, 0);
	return symlinkat(target, to, name) < 0 ? -errno : 0;
}

static int copy_subdirectory(int from, int to, const char *name, mode_t mode)
{
	_cleanup_close_ int source = -EBADF, target = -EBADF;

	if (mkdirat(to, name, mode) < 0 && errno != EEXIST)
		return -errno;
	source = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	target = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (source < 0 || target < 0)
		return -errno;
	return copy_directory(TAKE_FD(source), target, false);
}

static int copy_entry(int from, int to, const char *name)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return copy_subdirectory(from, to, name, st.st_mode & 0777);
	if (S_ISLNK(st.st_mode))
		return copy_symlink(from, to, name);
	if (S_ISREG(st.st_mode))
		return file_copy(from, name, to, name, st.st_mode & 0777);
	return 0;
}

/* Takes `from`. At the top `shutdown` is left for last: it is what makes an exitrd of the directory. */
static int copy_directory(int from, int to, bool top)
{
	_cleanup_closedir_ DIR *dir = fdopendir(from);
	struct dirent *de;

	if (!dir) {
		(void)close(from);
		return -ENOMEM;
	}
	while ((errno = 0, de = readdir(dir))) {
		int r;

		if (streq(de->d_name, ".") || streq(de->d_name, "..") || (top && streq(de->d_name, "shutdown")))
			continue;
		r = copy_entry(dirfd(dir), to, de->d_name);
		if (r < 0)
			return r;
	}
	if (errno)
		return -errno;
	return top ? copy_entry(dirfd(dir), to, "shutdown") : 0;
}

static int copy(int from, int to, bool top)
{
	int again = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return again < 0 ? -errno : copy_directory(again, to, top);
}

int exitrd_copy(int from, int to)
{
	return copy(from, to, false);
}

int exitrd_stage(int from, int to)
{
	int r = copy(from, to, true);

	if (r == 0 && faccessat(to, "shutdown", X_OK, 0) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(to, "shutdown", 0);
	return r;
}
