/* SPDX-License-Identifier: MIT */
/* inode: one file of any kind, as an archive's entry says. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/inode.h"

static const struct timespec *times_of(const struct newc_entry *e, struct timespec times[2])
{
	times[0] = times[1] = (struct timespec){ .tv_sec = e->mtime };
	return times;
}

static int give(struct inodes *i, int dir, const char *name, const struct newc_entry *e)
{
	if (!i->owners || fchownat(dir, name, e->uid, e->gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0)
		return 0;
	/* Of a user namespace only some ids are known here. */
	if (errno != EINVAL && errno != EPERM)
		return -errno;
	i->not_given++;
	return 0;
}

static int make_file(struct inodes *i, int dir, const char *name, const struct newc_entry *e)
{
	_cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct timespec times[2];
	int r = fd < 0 ? -errno : file_write_fd(fd, e->data, e->size);

	if (r == 0)
		r = give(i, fd, "", e);
	if (r < 0)
		return r;
	/* Giving a file away takes its setuid bit. */
	if (fchmod(fd, e->mode & 07777) < 0 || futimens(fd, times_of(e, times)) < 0)
		return -errno;
	return 0;
}

static int make_directory(struct inodes *i, int dir, const char *name, const struct newc_entry *e)
{
	return mkdirat(dir, name, 0700) < 0 ? -errno : 0;
}

static int make_symlink(struct inodes *i, int dir, const char *name, const struct newc_entry *e)
{
	_cleanup_free_ char *target = strndup(e->data, e->size);
	struct timespec times[2];
	int r;

	if (!target)
		return -ENOMEM;
	if (symlinkat(target, dir, name) < 0)
		return -errno;
	r = give(i, dir, name, e);
	if (r == 0 && utimensat(dir, name, times_of(e, times), AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	return r;
}

static int make_node(struct inodes *i, int dir, const char *name, const struct newc_entry *e)
{
	struct timespec times[2];
	int r;

	if (mknodat(dir, name, (e->mode & S_IFMT) | 0600, e->rdev) < 0) {
		if (errno != EPERM)
			return -errno;
		i->left_out++;
		return 0;
	}
	r = give(i, dir, name, e);
	if (r == 0 && (fchmodat(dir, name, e->mode & 07777, 0) < 0 ||
		       utimensat(dir, name, times_of(e, times), AT_SYMLINK_NOFOLLOW) < 0))
		r = -errno;
	return r;
}

static const struct kind {
	mode_t type;
	int (*make)(struct inodes *i, int dir, const char *name, const struct newc_entry *e);
} kinds[] = {
	{ S_IFREG, make_file },
	{ S_IFDIR, make_directory },
	{ S_IFLNK, make_symlink },
	{ S_IFCHR, make_node },
	{ S_IFBLK, make_node },
	{ S_IFIFO, make_node },
	{ S_IFSOCK, make_node },
};

int inode_clear(int dir, const char *name, mode_t mode)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode) && S_ISDIR(mode))
		return 1;
	if (unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0)
		return -errno;
	return 0;
}

int inode_make(struct inodes *i, int dir, const char *name, const struct newc_entry *e)
{
	const struct kind *kind = NULL;
	int r;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		if (kinds[k].type == (e->mode & S_IFMT))
			kind = &kinds[k];
	if (!kind)
		return -EINVAL;
	r = kind->make(i, dir, name, e);
	if (r != -EEXIST)
		return r;
	r = inode_clear(dir, name, e->mode);
	return r == 0 ? kind->make(i, dir, name, e) : MIN(r, 0);
}

int inode_finish_directory(struct inodes *i, int fd, const struct newc_entry *e)
{
	struct timespec times[2];
	int r = give(i, fd, "", e);

	if (r == 0 && (fchmod(fd, e->mode & 07777) < 0 || futimens(fd, times_of(e, times)) < 0))
		r = -errno;
	return r;
}
