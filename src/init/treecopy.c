/* SPDX-License-Identifier: MIT */
/* treecopy: all that is below a directory, copied. */
#include "init/treecopy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/inode.h"

/* Where the first name of a file lies in the copy that has several. */
struct twin {
	ino_t ino;
	char *path;
};

struct treecopy {
	dev_t dev;            /* of what is copied */
	int root;             /* of the copy; borrowed */
	char path[PATH_MAX];  /* of the directory that is being copied, from there; "" or with a slash at its end */
	struct inodes inodes;
	struct twin *twins;
	size_t twins_n;
};

static int copy_directory(struct treecopy *c, int from, int to);

static void treecopy_end(struct treecopy *c)
{
	for (size_t i = 0; i < c->twins_n; i++)
		free(c->twins[i].path);
	free(c->twins);
}

static struct newc_entry entry_of(const struct stat *st)
{
	return (struct newc_entry){
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mtime = (uint32_t)st->st_mtime,
		.rdev = st->st_rdev,
	};
}

static int remember(struct treecopy *c, ino_t ino, const char *name)
{
	struct twin *grown = reallocarray(c->twins, c->twins_n + 1, sizeof(*grown));
	char *path;

	if (!grown)
		return -ENOMEM;
	c->twins = grown;
	if (asprintf(&path, "%s%s", c->path, name) < 0)
		return -ENOMEM;
	c->twins[c->twins_n++] = (struct twin){ ino, path };
	return 0;
}

static const struct twin *find_twin(const struct treecopy *c, ino_t ino)
{
	for (size_t i = 0; i < c->twins_n; i++)
		if (c->twins[i].ino == ino)
			return &c->twins[i];
	return NULL;
}

static int copy_file(struct treecopy *c, int from, int to, const char *name, const struct stat *st)
{
	_cleanup_close_ int fd = openat(from, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct newc_entry e = entry_of(st);
	void *data = NULL;
	int r;

	if (fd < 0)
		return -errno;
	if (st->st_size > UINT32_MAX)
		return -EFBIG;
	e.size = (uint32_t)st->st_size;
	/* Not through a buffer: the pages are those of the initramfs. */
	if (e.size > 0)
		data = mmap(NULL, e.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	e.data = data;
	r = inode_make(&c->inodes, to, name, &e);
	if (data)
		(void)munmap(data, e.size);
	return r;
}

static int copy_symlink(struct treecopy *c, int from, int to, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	struct newc_entry e = entry_of(st);
	ssize_t n = readlinkat(from, name, target, sizeof(target));

	if (n < 0)
		return -errno;
	e.data = target;
	e.size = (uint32_t)n;
	return inode_make(&c->inodes, to, name, &e);
}

static int copy_subdirectory(struct treecopy *c, int from, int to, const char *name, const struct stat *st)
{
	_cleanup_close_ int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_close_ int target = -EBADF;
	struct newc_entry e = entry_of(st);
	size_t n = strlen(c->path);
	int r = source < 0 ? -errno : inode_make(&c->inodes, to, name, &e);

	if (r < 0)
		return r;
	target = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	r = target < 0 ? -errno : 0;
	if ((size_t)snprintf(c->path + n, sizeof(c->path) - n, "%s/", name) >= sizeof(c->path) - n)
		return -ENAMETOOLONG;
	if (r == 0 && st->st_dev == c->dev)
		r = copy_directory(c, source, target);
	c->path[n] = '\0';
	return r == 0 ? inode_finish_directory(&c->inodes, target, &e) : r;
}

static int copy_other(struct treecopy *c, int to, const char *name, const struct stat *st)
{
	struct newc_entry e = entry_of(st);

	return inode_make(&c->inodes, to, name, &e);
}

static int copy_entry(struct treecopy *c, int from, int to, const char *name)
{
	const struct twin *twin;
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return copy_subdirectory(c, from, to, name, &st);
	/* A file that something else is mounted on. */
	if (st.st_dev != c->dev)
		return 0;
	twin = st.st_nlink > 1 ? find_twin(c, st.st_ino) : NULL;
	if (twin)
		return linkat(c->root, twin->path, to, name, 0) < 0 ? -errno : 0;
	r = S_ISREG(st.st_mode)	  ? copy_file(c, from, to, name, &st)
	    : S_ISLNK(st.st_mode) ? copy_symlink(c, from, to, name, &st)
				  : copy_other(c, to, name, &st);
	return r == 0 && st.st_nlink > 1 ? remember(c, st.st_ino, name) : r;
}

static int copy_directory(struct treecopy *c, int from, int to)
{
	int again = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = again < 0 ? NULL : fdopendir(again);
	struct dirent *de;
	int r = 0;

	if (!dir) {
		r = -errno;
		close_fd(&again);
		return r;
	}
	while (r == 0 && (errno = 0, de = readdir(dir)))
		if (!streq(de->d_name, ".") && !streq(de->d_name, ".."))
			r = copy_entry(c, from, to, de->d_name);
	return r == 0 ? -errno : r;
}

int treecopy(int from, int to)
{
	_cleanup_(treecopy_end) struct treecopy c = { .root = to, .inodes.owners = true };
	struct stat st;

	if (fstat(from, &st) < 0)
		return -errno;
	c.dev = st.st_dev;
	return copy_directory(&c, from, to);
}
