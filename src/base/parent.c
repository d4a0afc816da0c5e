/* SPDX-License-Identifier: MIT */
/* parent: the directory that a path's last name is in. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/inroot.h"
#include "base/parent.h"

const char *parent_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void parent_close(struct parent *p)
{
	int fd = TAKE_FD(p->fd);

	close_fd(&fd);
	free(TAKE_PTR(p->path));
}

/* Makes what is missing of a directory's path, from the root on. */
static int make_directories(int root, const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int above = inroot_open(root, "/", O_PATH | O_DIRECTORY);

	if (!copy)
		return -ENOMEM;
	if (above < 0)
		return above;
	for (char *name = copy, *end; name; name = end) {
		int next;

		end = strchr(name, '/');
		if (end)
			*end = '\0';
		if (mkdirat(above, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		/* All of it anew, since a symlink on the way may lead up. */
		next = inroot_open(root, copy, O_PATH | O_DIRECTORY);
		if (next < 0)
			return next;
		(void)close(above);
		above = next;
		if (end)
			*end++ = '/';
	}
	return 0;
}

/* What is made in a directory does not change what its path means: it need not be looked up again for the next file. */
int parent_open(struct parent *p, const char *path)
{
	_cleanup_free_ char *parent = strndup(path, (size_t)(MAX(parent_base(path), path + 1) - 1 - path));
	int fd, r = 0;

	if (!parent)
		return -ENOMEM;
	if (p->path && streq(p->path, parent))
		return p->fd;
	parent_close(p);
	fd = inroot_open(p->root, *parent ? parent : "/", O_PATH | O_DIRECTORY);
	if (fd == -ENOENT) {
		r = make_directories(p->root, parent);
		fd = r < 0 ? r : inroot_open(p->root, parent, O_PATH | O_DIRECTORY);
	}
	if (fd < 0)
		return fd;
	p->path = TAKE_PTR(parent);
	return p->fd = fd;
}
