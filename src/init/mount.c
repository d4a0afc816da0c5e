/* SPDX-License-Identifier: MIT */
/* mount: libmount's context, in a worker. */
#include <errno.h>
#include <libmount.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/worker.h"
#include "init/mount.h"

static void free_context(struct libmnt_context **cxt)
{
	mnt_free_context(*cxt);
}

static void unref_table(struct libmnt_table **table)
{
	mnt_unref_table(*table);
}

static int set_up(struct libmnt_context *cxt, const struct mount_request *m)
{
	int r;

	/* Devices are found by us; there is no mount.TYPE helper to run and no mtab to keep. */
	(void)mnt_context_disable_canonicalize(cxt, 1);
	(void)mnt_context_disable_helpers(cxt, 1);
	(void)mnt_context_disable_mtab(cxt, 1);
	if ((r = mnt_context_set_source(cxt, m->source)) < 0 || (r = mnt_context_set_target(cxt, m->target)) < 0 ||
	    (r = mnt_context_set_fstype(cxt, m->fstype)) < 0)
		return r;
	if (m->options && (r = mnt_context_append_options(cxt, m->options)) < 0)
		return r;
	return m->access ? mnt_context_append_options(cxt, m->access) : 0;
}

/* In the worker; the record is libmount's own message when there is one. */
static int mount_worker(int fd, void *data)
{
	_cleanup_(free_context) struct libmnt_context *cxt = mnt_new_context();
	char text[512] = "";
	int r;

	if (!cxt)
		return -ENOMEM;
	r = set_up(cxt, data);
	if (r < 0)
		return r;
	r = mnt_context_mount(cxt);
	if (r == 0 && mnt_context_get_status(cxt))
		return 0;
	(void)mnt_context_get_excode(cxt, r, text, sizeof(text));
	(void)file_write_fd(fd, text, strlen(text));
	if (mnt_context_syscall_called(cxt) && mnt_context_get_syscall_errno(cxt) > 0)
		return -mnt_context_get_syscall_errno(cxt);
	return r < 0 && r > -200 ? r : -EINVAL;
}

int mount_fs(const struct mount_request *m)
{
	_cleanup_free_ char *text = NULL;
	int r = worker_call(mount_worker, (void *)m, USEC_FOREVER, &text, NULL);

	if (r == 0)
		return 0;
	log_error("cannot mount %s (%s%s%s) on %s: %s%s%s", m->source, m->fstype, m->options ? ", " : "",
		  m->options ? m->options : "", m->target, strerror(-r), text && *text ? "; " : "",
		  text ? text : "");
	return r;
}

int fstab_find(const char *path, const char *target, struct fstab_row *ret)
{
	_cleanup_(unref_table) struct libmnt_table *table = NULL;
	_cleanup_(fstab_row_free) struct fstab_row row = { 0 };
	struct libmnt_fs *fs;

	if (access(path, F_OK) < 0)
		return -errno;
	table = mnt_new_table_from_file(path);
	if (!table)
		return -EINVAL;
	fs = mnt_table_find_target(table, target, MNT_ITER_FORWARD);
	if (!fs)
		return -ENOENT;
	if (string_set(&row.source, mnt_fs_get_source(fs)) < 0 || string_set(&row.fstype, mnt_fs_get_fstype(fs)) < 0 ||
	    string_set(&row.options, mnt_fs_get_options(fs)) < 0)
		return -ENOMEM;
	row.passno = mnt_fs_get_passno(fs);
	/* libmount takes the tag apart: there is no source for UUID=… */
	if (!row.source && string_set(&row.source, mnt_fs_get_srcpath(fs)) < 0)
		return -ENOMEM;
	*ret = row;
	row = (struct fstab_row){ 0 };
	return 0;
}

void fstab_row_free(struct fstab_row *row)
{
	free(row->source);
	free(row->fstype);
	free(row->options);
	*row = (struct fstab_row){ 0 };
}

bool mount_is_mountpoint(const char *path)
{
	struct statx st;

	/* STATX_ATTR_MOUNT_ROOT: Linux 5.8 */
	return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &st) == 0 &&
	       (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}
