/* SPDX-License-Identifier: MIT */
/* unpacker: an archive that comes in pieces, made into files. */
#include "init/unpacker.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/newc.h"

/* Where the first name of a file lies that has several. */
struct unpacked_link {
	uint32_t ino;
	char *path;
};

static const char *first_name(const struct unpacker *u, uint32_t ino)
{
	for (size_t i = 0; i < u->links_n; i++)
		if (u->links[i].ino == ino)
			return u->links[i].path;
	return NULL;
}

static int remember(struct unpacker *u, const struct newc_entry *e)
{
	struct unpacked_link *grown = reallocarray(u->links, u->links_n + 1, sizeof(*grown));
	char *path = strdup(e->name);

	if (grown)
		u->links = grown;
	if (!grown || !path) {
		free(path);
		return -ENOMEM;
	}
	u->links[u->links_n++] = (struct unpacked_link){ e->ino, path };
	return 0;
}

/* One more name; of all of them only one record, usually the last, has the data. */
static int make_link(struct unpacker *u, const char *first, const struct newc_entry *e)
{
	_cleanup_close_ int from = -EBADF, fd = -EBADF;
	const char *name = parent_base(e->name);
	int dir = parent_open(&u->parent, first), r;

	if (dir < 0)
		return dir;
	from = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	if (from < 0)
		return -errno;
	dir = parent_open(&u->parent, e->name);
	if (dir < 0)
		return dir;
	r = inode_clear(dir, name, S_IFREG);
	if (r < 0 && r != -ENOENT)
		return r;
	if (linkat(from, parent_base(first), dir, name, 0) < 0)
		return -errno;
	if (e->size == 0)
		return 0;
	fd = openat(dir, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : file_write_fd(fd, e->data, e->size);
}

static int make_one(struct unpacker *u, const struct newc_entry *e)
{
	const char *first = S_ISREG(e->mode) && e->nlink > 1 ? first_name(u, e->ino) : NULL;
	int dir, r;

	if (path_has_dot_dot(e->name))
		return -EINVAL;
	if (!*e->name || streq(e->name, "."))
		return 0;
	if (first && !streq(first, e->name))
		return make_link(u, first, e);
	dir = parent_open(&u->parent, e->name);
	r = dir < 0 ? dir : inode_make(&u->inodes, dir, parent_base(e->name), e);
	/* Everybody may look into it at once: nothing of an image is a secret. */
	if (r == 0 && S_ISDIR(e->mode) && fchmodat(dir, parent_base(e->name), e->mode & 07777, 0) < 0)
		r = -errno;
	if (r == 0 && S_ISREG(e->mode) && e->nlink > 1)
		r = remember(u, e);
	return r;
}

/* The records that are whole. */
static int take_records(struct unpacker *u, size_t *used, const char **ret_why)
{
	while (!u->ended) {
		const char *data = u->pending.data + *used;
		size_t left = u->pending.size - *used, at = 0;
		uint64_t need = newc_needs(data, left);
		struct newc_entry e;
		int r;

		if (need == 0) {
			*ret_why = "no cpio record";
			return -EBADMSG;
		}
		if (need > left || left < NEWC_HEADER_SIZE)
			return 0;
		r = newc_read(data, left, &at, &e, ret_why);
		if (r < 0)
			return r;
		*ret_why = NULL;
		u->ended = r == 0;
		r = u->ended ? 0 : make_one(u, &e);
		if (r < 0)
			return r;
		*used += at;
		u->at += at;
	}
	return 0;
}

int unpacker_feed(struct unpacker *u, const void *data, size_t size, const char **ret_why)
{
	size_t used = 0;
	int r;

	*ret_why = NULL;
	if (u->ended)
		return 0;
	r = buffer_append(&u->pending, data, size);
	if (r < 0)
		return r;
	r = take_records(u, &used, ret_why);
	memmove(u->pending.data, u->pending.data + used, u->pending.size - used);
	u->pending.size -= used;
	return r;
}

int unpacker_finish(const struct unpacker *u)
{
	return u->ended ? 0 : -ENODATA;
}

void unpacker_close(struct unpacker *u)
{
	parent_close(&u->parent);
	buffer_free(&u->pending);
	for (size_t i = 0; i < u->links_n; i++)
		free(u->links[i].path);
	free(u->links);
	u->links = NULL;
	u->links_n = 0;
}
