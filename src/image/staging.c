/* SPDX-License-Identifier: MIT */
/* staging: an exitrd for the system that runs now, which another initrd has booted. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "base/exitrd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/md.h"
#include "base/parent.h"
#include "image/build.h"
#include "image/content.h"
#include "image/staging.h"

#define PROGRAM EXITRD "shutdown"

enum occupant {
	NOBODY,
	OURS,
	FOREIGN,  /* an exitrd of another tool */
	PROMISED, /* dracut-shutdown.service unpacks dracut's when the machine goes down */
};

struct staging {
	struct build build;
	const char *directory;
	int dir;
	char *array; /* for which mdmon is needed; NULL: none */
	uint64_t bytes;
};

/* Not in place: what systemd executes is a whole file at each moment. */
static int write_file(const struct tree_node *n, int dir, const char *name)
{
	_cleanup_content_ struct content content = { 0 };
	_cleanup_free_ char *temporary = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r = content_open(n, &content);

	if (r < 0)
		return r;
	if (asprintf(&temporary, "%s.new", name) < 0)
		return -ENOMEM;
	(void)unlinkat(dir, temporary, 0);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = file_write_fd(fd, content.data, content.size);
	if (r == 0 && (fchmod(fd, n->mode & 0755) < 0 || renameat(dir, temporary, dir, name) < 0))
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, temporary, 0);
	return r;
}

static int write_link(const struct tree_node *n, int dir, const char *name)
{
	char there[4096];
	ssize_t size = readlinkat(dir, name, there, sizeof(there) - 1);

	there[MAX(size, 0)] = '\0';
	if (size > 0 && streq(there, n->target))
		return 0;
	(void)unlinkat(dir, name, 0);
	return symlinkat(n->target, dir, name) < 0 ? -errno : 0;
}

static int write_node(const struct tree_node *n, struct parent *p, const char *path)
{
	int dir = parent_open(p, path);

	if (dir < 0)
		return dir;
	if (S_ISDIR(n->mode))
		return mkdirat(dir, parent_base(path), 0755) < 0 && errno != EEXIST ? -errno : 0;
	if (S_ISLNK(n->mode))
		return write_link(n, dir, parent_base(path));
	return S_ISREG(n->mode) ? write_file(n, dir, parent_base(path)) : 0;
}

static int failed(const struct tree_node *n, int r)
{
	return log_errno(r, "cannot write %s of the exitrd", startswith(n->path, EXITRD) ?: n->path);
}

int staging_write(const struct tree *t, const char *below, const char *late, int to, uint64_t *ret)
{
	_cleanup_(parent_close) struct parent parent = { .root = to, .fd = -EBADF };

	/* In the order of adding: directories, and links to them, stand before what lies in them. */
	TREE_FOREACH (n, t) {
		const char *path = startswith(n->path, below);
		int r;

		if (!path || streq_null(late, n->path))
			continue;
		r = write_node(n, &parent, *path ? path : parent_base(n->path));
		if (r < 0)
			return failed(n, r);
		*ret += S_ISREG(n->mode) ? n->size : 0;
	}
	return 0;
}

static bool same(int dir, const char *name, const struct tree_node *n)
{
	_cleanup_content_ struct content here = { 0 }, there = { 0 };
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && content_open_fd(fd, &there) == 0 && content_open(n, &here) == 0 && here.size == there.size &&
	       memcmp(here.data, there.data, here.size) == 0;
}

static enum occupant occupant_of(int dir)
{
	_cleanup_free_ char *release = NULL;

	if (faccessat(dir, "shutdown", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return faccessat(dir, ".need_shutdown", F_OK, 0) == 0 ? PROMISED : NOBODY;
	if (file_read(dir, "etc/initrd-release", 65536, &release, NULL) == 0 && strstr(release, "(slipway "))
		return OURS;
	return FOREIGN;
}

/* The passes that an image's exitrd is made by. The image itself is not. */
static int fill_tree(struct staging *s)
{
	int r = layout_add(&s->build);

	if (r == 0)
		r = init_add(&s->build);
	if (r == 0 && s->array)
		r = storage_add_exitrd(&s->build);
	return r < 0 ? r : closure_add(&s->build);
}

static int find_array(char **ret)
{
	_cleanup_close_ int sys = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *block = NULL;
	struct dirent *de;

	if (file_open_dir(sys, "block", &block) < 0)
		return 0;
	while ((de = readdir(block)))
		if (md_is_external(sys, de->d_name))
			return string_set(ret, de->d_name);
	return 0;
}

/* A file system that can be executed from, with what lies in the directory; mounted nowhere yet. */
static int open_aside(int from, int *ret)
{
	_cleanup_close_ int fs = fsopen("tmpfs", FSOPEN_CLOEXEC), mount = -EBADF;
	int r;

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "mode", "755", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "size", "64m", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (mount < 0)
		return -errno;
	r = exitrd_copy(from, mount);
	if (r == 0)
		*ret = TAKE_FD(mount);
	return r;
}

/* All but `shutdown`, which makes an exitrd of it, then that. */
static int write_all(struct staging *s, int to)
{
	int r = staging_write(&s->build.tree, EXITRD, PROGRAM, to, &s->bytes);

	if (r == 0 && s->array)
		r = staging_write(&s->build.tree, EXITRD_MDMON, NULL, to, &s->bytes);
	return r < 0 ? r : staging_write(&s->build.tree, PROGRAM, NULL, to, &s->bytes);
}

static int stage(struct staging *s)
{
	_cleanup_close_ int aside = -EBADF;
	struct statvfs fs;
	int r = fstatvfs(s->dir, &fs) < 0 ? -errno : 0;

	if (r == 0 && fs.f_flag & ST_NOEXEC)
		r = open_aside(s->dir, &aside);
	if (r < 0)
		return log_errno(r, "cannot stage an exitrd in %s", s->directory);
	r = write_all(s, aside < 0 ? s->dir : aside);
	if (r == 0 && aside >= 0 && move_mount(aside, "", AT_FDCWD, s->directory, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		r = log_errno(-errno, "cannot mount a tmpfs on %s", s->directory);
	if (r < 0)
		return r;
	log_info("%s/shutdown is staged: %.1f MB%s%s%s", s->directory, (double)s->bytes / 1e6,
		 aside < 0 ? "" : ", on a tmpfs of its own since nothing can be executed there",
		 s->array ? ", with mdmon for " : "", s->array ?: "");
	return 0;
}

static bool is_equal(const struct staging *s)
{
	return faccessat(s->dir, "shutdown", X_OK, 0) == 0 &&
	       same(s->dir, "shutdown", tree_find(&s->build.tree, PROGRAM)) &&
	       (!s->array || faccessat(s->dir, "usr/sbin/mdmon", X_OK, 0) == 0);
}

/* Is nothing left to do? */
static bool is_done(const struct staging *s)
{
	static const char *const why[] = {
		[NOBODY] = NULL,
		[OURS] = "/shutdown is staged already",
		[FOREIGN] = "/shutdown is another tool's: it stays as it is",
		[PROMISED] = " is dracut's, which unpacks its own exitrd at power-off: it stays as it is",
	};
	enum occupant occupant = occupant_of(s->dir);

	if (!why[occupant] || (occupant == OURS && !is_equal(s)))
		return false;
	log_info("%s%s", s->directory, why[occupant]);
	return true;
}

static void staging_free(struct staging *s)
{
	close_fd(&s->dir);
	free(s->array);
	tree_free(&s->build.tree);
}

int staging_do(struct config *c, const char *directory)
{
	_cleanup_(staging_free) struct staging s = { .build.config = c, .directory = directory, .dir = -EBADF };
	int r = sysroot_open("/", &c->sysroot);

	if (r == 0)
		r = config_choose_programs(c);
	if (r == 0)
		r = find_array(&s.array);
	if (r < 0)
		return log_errno(r, "cannot open /");
	r = fill_tree(&s);
	if (r < 0)
		return r;
	r = file_mkdir_parents(AT_FDCWD, directory, 0755);
	if (r == 0) {
		s.dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		r = s.dir < 0 ? -errno : 0;
	}
	if (r < 0)
		return log_errno(r, "cannot stage an exitrd in %s", directory);
	return is_done(&s) ? 0 : stage(&s);
}
