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
	dir = parent_open(&d->parent, first->path);
	from = dir < 0 ? dir : fcntl(dir, F_DUPFD_CLOEXEC, 0);
	dir = from < 0 ? from : parent_open(&d->parent, path);
	if (dir < 0)
		return dir;
	if (streq(first->path, path))
		return 0;
	r = linkat(from, parent_base(first->path), dir, parent_base(path), 0) < 0 ? -errno : 1;
	if (r == -EEXIST) {
		r = inode_clear(dir, parent_base(path), S_IFREG);
		if (r == 0)
			r = linkat(from, parent_base(first->path), dir, parent_base(path), 0) < 0 ? -errno : 1;
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
			dir = parent_open(&d->parent, path);
			r = dir < 0 ? dir : inode_make(&d->inodes, dir, parent_base(path), e->content);
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
	_cleanup_close_ int fd = inroot_open(d->parent.root, *dir->path ? dir->path : "/",
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
	parent_close(&d->parent);
	tdestroy(d->links, link_free);
	for (size_t i = 0; i < d->dirs_n; i++)
		free(d->dirs[i].path);
	free(d->dirs);
	d->dirs = NULL;
	d->links = NULL;
	d->dirs_n = d->dirs_room = 0;
}
