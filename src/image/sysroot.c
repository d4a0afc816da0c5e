/* SPDX-License-Identifier: MIT */
/* sysroot: the tree that the image's content comes from. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "base/file.h"
#include "base/inroot.h"
#include "base/strv.h"
#include "image/sysroot.h"
#include "image/walk.h"

int sysroot_open(const char *path, struct sysroot *ret)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	int fd;

	if (!real)
		return -errno;
	fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret = (struct sysroot){ .fd = fd, .path = TAKE_PTR(real) };
	return 0;
}

void sysroot_close(struct sysroot *s)
{
	close_fd(&s->fd);
	free(s->path);
	*s = (struct sysroot)SYSROOT_NONE;
}

int sysroot_open_file(const struct sysroot *s, const char *path, int flags)
{
	int fd;

	/* openat2(2) refuses flags that O_PATH has no use for. */
	if (!(flags & O_PATH))
		flags |= O_NOCTTY;
	/* EAGAIN: something was renamed while ".." was looked at, see openat2(2). */
	do {
		fd = inroot_open(s->fd, *path ? path : ".", flags);
	} while (fd == -EAGAIN || fd == -EINTR);
	return fd;
}

int sysroot_stat(const struct sysroot *s, const char *path, struct stat *ret)
{
	_cleanup_close_ int fd = sysroot_open_file(s, path, O_PATH);

	if (fd < 0)
		return fd;
	return fstat(fd, ret) < 0 ? -errno : 0;
}

bool sysroot_has(const struct sysroot *s, const char *path)
{
	struct stat st;

	return sysroot_stat(s, path, &st) == 0;
}

int sysroot_read(const struct sysroot *s, const char *path, char **ret)
{
	_cleanup_close_ int fd = sysroot_open_file(s, path, O_RDONLY);

	return fd < 0 ? fd : file_read_fd(fd, 1 << 20, ret, NULL);
}

int sysroot_look(void *data, const char *path, char **ret_target)
{
	const struct sysroot *s = data;
	char target[PATH_MAX];
	ssize_t n = readlinkat(s->fd, path, target, sizeof(target));

	if (n < 0)
		return errno == EINVAL ? 0 : -errno;
	*ret_target = strndup(target, (size_t)n);
	return *ret_target ? 1 : -ENOMEM;
}

int sysroot_resolve(const struct sysroot *s, const char *path, char **ret)
{
	return walk(path, sysroot_look, (void *)s, ret);
}

static int is_visible(const struct dirent *de)
{
	return de->d_name[0] != '.';
}

static int is_entry(const struct dirent *de)
{
	return !streq(de->d_name, ".") && !streq(de->d_name, "..");
}

static int list(const struct sysroot *s, const char *dir, int (*filter)(const struct dirent *de), const char *suffix,
		char ***ret)
{
	_cleanup_close_ int fd = sysroot_open_file(s, dir, O_RDONLY | O_DIRECTORY);
	_cleanup_free_ struct dirent **found = NULL;
	int n, r = 0;

	if (fd < 0)
		return fd;
	/* alphasort() is strcoll(), which is strcmp() as long as nobody calls setlocale(). */
	n = scandirat(fd, ".", &found, filter, alphasort);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		if (r == 0 && endswith(found[i]->d_name, suffix))
			r = strv_push(ret, found[i]->d_name);
		free(found[i]);
	}
	return r;
}

int sysroot_list(const struct sysroot *s, const char *dir, const char *suffix, char ***ret)
{
	int r = list(s, dir, is_visible, suffix, ret);

	return r == -ENOENT ? 0 : r;
}

int sysroot_list_all(const struct sysroot *s, const char *dir, char ***ret)
{
	return list(s, dir, is_entry, "", ret);
}

char *sysroot_path(const struct sysroot *s, const char *path)
{
	char *joined;

	path += strspn(path, "/");
	if (asprintf(&joined, "%s%s%s", s->path, endswith(s->path, "/") ? "" : "/", path) < 0)
		return NULL;
	return joined;
}
