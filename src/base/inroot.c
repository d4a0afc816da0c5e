/* SPDX-License-Identifier: MIT */
/* inroot: opening inside another root. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include "base/inroot.h"
#include "base/macro.h"

/* EAGAIN: something was renamed or mounted anywhere while the kernel went through a ".."
 * (openat2(2)). */
#define TRIES 100

int inroot_open(int rootfd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	errno = EAGAIN;
	for (int i = 0; i < TRIES && fd < 0 && errno == EAGAIN; i++)
		fd = syscall(SYS_openat2, rootfd, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

static int path_of(int fd, char ret[PATH_MAX])
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return 0;
}

int inroot_realpath(int rootfd, const char *path, char **ret)
{
	_cleanup_close_ int fd = inroot_open(rootfd, path, O_PATH);
	char root[PATH_MAX], full[PATH_MAX];
	const char *inside;
	int r;

	if (fd < 0)
		return fd;
	r = path_of(rootfd, root);
	if (r == 0)
		r = path_of(fd, full);
	if (r < 0)
		return r;
	inside = streq(root, "/") ? full : startswith(full, root);
	if (!inside)
		return -EXDEV;
	*ret = strdup(*inside ? inside : "/");
	return *ret ? 0 : -ENOMEM;
}
