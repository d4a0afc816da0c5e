/* SPDX-License-Identifier: MIT */
/* deposit: an archive's files made below a directory, which nothing of the archive can leave. */
#include <errno.h>
#include <fcntl.h>
#include <search.h>

#include "base/inroot.h"
#include "image/deposit.h"

struct deposited {
	char *path;
	const struct archive_entry *entry;
};

/* Where the first hard link of a file lies. */
struct link {
	const struct archive_entry *entry;
	char *path;
};

int deposit_name(const char *name, char **ret)
{
	_cleanup_free_ char *clean = malloc(strlen(name) + 1);
	char *p = clean;

	if (!clean)
		return -ENOMEM;
	if (path_has_dot_dot(name))
		return -EINVAL;
	for (size_t n; *name; name += n + (name[n] == '/')) {
		n = strcspn(name, "/");
		if (n == 0 || (n == 1 && *name == '.'))
			continue;
		if (p > clean)
			*p++ = '/';
		p = mempcpy(p, name, n);
	}
	*p = '\0';
	*ret = TAKE_PTR(clean);
	return 0;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void forget_parent(struct deposit *d)
{
	int fd = TAKE_FD(d->parent_fd);

	close_fd(&fd);
	free(TAKE_PTR(d->parent));
}

/* Makes what is missing of a directory's path, from the root on. */
static int make_directories(const struct deposit *d, const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int above = inroot_open(d->root, "/", O_PATH | O_DIRECTORY);

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
		next = inroot_open(d->root, copy, O_PATH | O_DIRECTORY);
		if (next < 0)
			return next;
		(void)close(above);
		above = next;
		if (end)
			*end++ = '/';
	}
	return 0;
}

/*
 * The directory that `path` is in; the descriptor stays ours. What is made in a directory does not change what its path
 * means, so that it need not be looked up again for the next file.
 */
static int open_parent(struct deposit *d, const char *path)
{
	_cleanup_free_ char *parent = strndup(path, (size_t)(MAX(base_of(path), path + 1) - 1 - path));
	int fd, r = 0;

	if (!parent)
		return -ENOMEM;
	if (d->parent && streq(d->parent, parent))
		return d->parent_fd;
	forget_parent(d);
	fd = inroot_open(d->root, *parent ? parent : "/", O_PATH | O_DIRECTORY);
	if (fd == -ENOENT) {
		r = make_directories(d, parent);
		fd = r < 0 ? r : inroot_open(d->root, parent, O_PATH | O_DIRECTORY);
	}
	if (fd < 0)
		return fd;
	d->parent = TAKE_PTR(parent);
	return d->parent_fd = fd;
}

static int compare_links(const void *a, const void *b)
{
	const struct archive_entry *m = ((const struct link *)a)->entry, *n = ((const struct link *)b)->entry;

	if (m->segment != n->segment)
		return m->segment > n->segment ? 1 : -1;
	if (m->file.dev != n->file.dev)
		return m->file.dev > n->file.dev ? 1 : -1;
	return (m->file.ino > n->file.ino) - (m->file.ino < n->file.ino);
}

/* 1: made as a hard link of what was made before. */
static int add_link(struct deposit *d, const struct archive_entry *e, const char *path)
{
	struct link key = { .entry = e }, **found = tfind(&key, &d->links, compare_links), *first;
	_cleanup_close_ int from = -EBADF;
	int dir, r;

	if (!found) {
		first = malloc(sizeof(*first));
		if (!first)
			return -ENOMEM;
		*first = (struct link){ .entry = e, .path = strdup(path) };
		if (!first->path || !tsearch(first, &d->links, compare_links)) {
			free(first->path);
			free(first);
			return -ENOMEM;
		}
		return 0;
	}
	first = *found;
	dir = open_parent(d, first->path);
	from = dir < 0 ? dir : fcntl(dir, F_DUPFD_CLOEXEC, 0);
	dir = from < 0 ? from : open_parent(d, path);
	if (dir < 0)
		return dir;
	if (streq(first->path, path))
		return 0;
	r = linkat(from, base_of(first->path), dir, base_of(path), 0) < 0 ? -errno : 1;
	if (r == -EEXIST) {
		r = inode_clear(dir, base_of(path), S_IFREG);
		if (r == 0)
			r = linkat(from, base_of(first->path), dir, base_of(path), 0) < 0 ? -errno : 1;
	}
	/* The other one was replaced meanwhile. */
	return r == -ENOENT ? 0 : r;
}

static int push_directory(struct deposit *d, const struct archive_entry *e, char **path)
{
	if (d->dirs_n == d->dirs_room) {
		size_t room = MAX(d->dirs_room * 2, (size_t)64);
		struct deposited *grown = reallocarray(d->dirs, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		d->dirs = grown;
		d->dirs_room = room;
	}
	d->dirs[d->dirs_n++] = (struct deposited){ .path = TAKE_PTR(*path), .entry = e };
	return 0;
}

int deposit_add(struct deposit *d, const struct archive_entry *e)
{
	_cleanup_free_ char *path = NULL;
	int dir, r = deposit_name(e->file.name, &path);

	if (r < 0)
		return r;
	if (*path) {
		r = S_ISREG(e->file.mode) && e->file.nlink > 1 ? add_link(d, e, path) : 0;
		if (r == 0) {
			dir = open_parent(d, path);
			r = dir < 0 ? dir : inode_make(&d->inodes, dir, base_of(path), e->content);
		}
	} else if (!S_ISDIR(e->file.mode))
		r = -EINVAL;
	if (r < 0)
		return r;
	d->files++;
	return S_ISDIR(e->file.mode) ? push_directory(d, e, &path) : 0;
}

/* What lies in a directory before the directory itself, which may be closed to us then; the last of a path last. */
static int compare_directories(const void *a, const void *b)
{
	const struct deposited *m = a, *n = b;
	int order = strcmp(n->path, m->path);

	return order ? order : (m->entry > n->entry) - (m->entry < n->entry);
}

static int finish_directory(struct deposit *d, const struct deposited *dir)
{
	_cleanup_close_ int fd = inroot_open(d->root, *dir->path ? dir->path : "/",
					     O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

	if (fd == -ENOTDIR || fd == -ELOOP || fd == -ENOENT)
		return 0; /* something else has replaced it */
	return fd < 0 ? fd : inode_finish_directory(&d->inodes, fd, &dir->entry->file);
}

int deposit_finish(struct deposit *d)
{
	int r = 0;

	if (d->dirs_n > 0)
		qsort(d->dirs, d->dirs_n, sizeof(*d->dirs), compare_directories);
	for (size_t i = 0; r == 0 && i < d->dirs_n; i++) {
		bool last = i + 1 == d->dirs_n || !streq(d->dirs[i].path, d->dirs[i + 1].path);

		if (last)
			r = finish_directory(d, &d->dirs[i]);
	}
	return r;
}

static void link_free(void *p)
{
	free(((struct link *)p)->path);
	free(p);
}

void deposit_close(struct deposit *d)
{
	forget_parent(d);
	tdestroy(d->links, link_free);
	for (size_t i = 0; i < d->dirs_n; i++)
		free(d->dirs[i].path);
	free(d->dirs);
	d->dirs = NULL;
	d->links = NULL;
	d->dirs_n = d->dirs_room = 0;
}
