/* SPDX-License-Identifier: MIT */
/* mount: file systems with data: unmounted, and what is done when they cannot be. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/mountinfo.h"
#include "shutdown/layer.h"

/* Where mounts go that a loop device needs but that hang in a tree which must go before it. */
#define LIFTED "run/slipway/held"

/* File systems whose requests somebody else answers, a server or a daemon: only these know MNT_FORCE. */
static const char *const remote_types[] = {
	"9p", "afs", "ceph", "cifs", "coda", "fuse", "fuseblk", "glusterfs", "lustre", "nfs", "nfs4", "smb3",
	"virtiofs",
};

bool mount_is_remote(const struct node *n)
{
	if (startswith(n->label, "fuse."))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(remote_types); i++)
		if (streq(n->label, remote_types[i]))
			return true;
	return false;
}

/*
 * The file of a loop device lies on it, and it is mounted somewhere inside the tree that is to go: the medium
 * of a live system below the root that is made from it. Neither could go first.
 */
bool mount_is_in_the_way(const struct node *n, const struct standing *st)
{
	return st->mounts == 0 && st->files > 0 && !st->on_kept;
}

/* A file that a freeze would lock in: the loop or the swap on it could never be written again. */
bool mount_may_freeze(const struct node *n, const struct standing *st)
{
	return when_writable(n, st) && st->files == 0;
}

int mount_lift(int root, const struct node *n)
{
	_cleanup_free_ char *place = NULL;
	struct stat st;
	int r;

	if (asprintf(&place, LIFTED "/%d", n->id) < 0)
		return -ENOMEM;
	if (lstat(n->name, &st) < 0)
		return -errno;
	r = S_ISDIR(st.st_mode) ? file_mkdir_parents(root, place, 0700)
				: file_mkdir_parents(root, LIFTED, 0700);
	if (r == 0 && !S_ISDIR(st.st_mode))
		r = file_write(root, place, "", 0600);
	if (r < 0)
		return r;
	return syscall(SYS_move_mount, AT_FDCWD, n->name, root, place, 0) < 0 ? -errno : 0;
}

/*
 * ext4 whose journal was aborted shows as read-only, and an fsync(2) of it fails (6.6); that of one which is read-only
 * because somebody wanted it succeeds. Of others it may fail for that reason.
 */
static bool is_done(const struct node *n)
{
	return mount_has_option(n->super, "ro") && !streq_null(n->label, "ext4");
}

/* A node of a device that is bound somewhere, and a fifo, would do things when opened. */
static bool may_be_opened(const struct node *n)
{
	struct stat st;

	return lstat(n->name, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode));
}

/*
 * Unmounting writes back too, but does not say whether that went well; syncfs(2) does, except of a file system
 * that the kernel has shut down since its disk is gone: there it has nothing to do, and only fsync(2) fails.
 */
static int sync_mount(const struct node *n)
{
	_cleanup_close_ int fd = -EBADF;

	if (is_done(n) || !may_be_opened(n))
		return 0;
	fd = open(n->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (syncfs(fd) < 0)
		return -EIO;
	/* EINVAL: it knows no fsync. */
	return fsync(fd) < 0 && (errno == EIO || errno == EROFS || errno == ESHUTDOWN) ? -EIO : 0;
}

/* Lost writes are told once by the kernel: they count for more than that it is busy. */
int mount_unmount(int root, const struct node *n)
{
	int r = sync_mount(n);

	if (umount2(n->name, UMOUNT_NOFOLLOW) < 0 && r == 0)
		r = -errno;
	return r;
}

/* Without syncfs, which would wait for the server that does not answer. */
int mount_force(int root, const struct node *n)
{
	return umount2(n->name, UMOUNT_NOFOLLOW | MNT_FORCE) < 0 ? -errno : 0;
}

/* The superblock, not the mount (that would be MS_BIND): all mounts of it, and the journal, are clean then. */
int mount_readonly(int root, const struct node *n)
{
	return mount(NULL, n->name, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0 ? -errno : 0;
}

static int freezer(const struct node *n, unsigned long request)
{
	_cleanup_close_ int fd = open(n->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return ioctl(fd, request, 0) < 0 ? -errno : 0;
}

/*
 * ext4, xfs and btrfs are clean on disk when frozen, with a process that still has a file open for writing:
 * measured on ext4, where a sync alone leaves needs_recovery.
 */
int mount_freeze(int root, const struct node *n)
{
	return freezer(n, FIFREEZE);
}

/* -EINVAL where it is not frozen. */
int mount_thaw(int root, const struct node *n)
{
	return may_be_opened(n) ? freezer(n, FITHAW) : -EINVAL;
}
