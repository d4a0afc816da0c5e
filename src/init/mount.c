/* SPDX-License-Identifier: MIT */
/* mount: mount(2) in a worker, and rows of an fstab. */
#include "init/mount.h"

#include <errno.h>
#include <mntent.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mountopt.h"
#include "base/strv.h"
#include "base/worker.h"
#include "init/libmount.h"
#include "init/priority.h"
#include "init/run.h"

/* What errno's own words do not say of mount(2). */
static const struct {
	int error;
	const char *hint;
} hints[] = {
	{ ENODEV,   "the kernel has no such file system, and this image no module for it"                          },
	{ EINVAL,   "a wrong type, a wrong option, or a damaged superblock; the kernel's log says which"           },
	{ EBUSY,    "it is in use, perhaps by an array or a mapping"                                               },
	{ EUCLEAN,  "the file system is damaged; the kernel's log says where"                                      },
	{ ENOPKG,   "an option is libmount's, which this image lacks (slipway build --generic takes it in)"        },
};

static const char *hint_of(int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (hints[i].error == error)
			return hints[i].hint;
	return "";
}

/* What can only be read is mounted so, as mount(8) does. */
static int mount_as(const struct mount_request *m, const char *fstype, const struct mountopt *o)
{
	if (mount(m->source, m->target, fstype, o->flags, o->data) == 0)
		return 0;
	if ((errno != EROFS && errno != EACCES) || (o->flags & MS_RDONLY))
		return -errno;
	if (mount(m->source, m->target, fstype, o->flags | MS_RDONLY, o->data) < 0)
		return -errno;
	log_warning("%s can only be read: mounted ro", m->source);
	return 0;
}

/* Of a list the first that takes it. */
static int mount_first(const struct mount_request *m, const struct mountopt *o)
{
	_cleanup_strv_ char **types = NULL;
	int r = strv_split(&types, m->fstype, ","), first = 0;

	if (r < 0)
		return r;
	STRV_FOREACH(type, types) {
		r = mount_as(m, *type, o);
		if (r != -EINVAL && r != -ENODEV)
			return r;
		first = first ? first : r;
	}
	return first ? first : -ENODEV;
}

/* In the worker; the record is what is to be added to errno's words. */
static int mount_worker(int fd, void *data)
{
	const struct mount_request *m = data;
	_cleanup_(mountopt_free) struct mountopt o = { 0 };
	_cleanup_free_ char *all = NULL;
	int r;

	priority_raise();
	if (asprintf(&all, "%s,%s", m->options ? m->options : "", m->access ? m->access : "") < 0)
		return -ENOMEM;
	r = mountopt_parse(all, &o);
	if (r == -ENOTSUP)
		return libmount_mount(m, fd);
	return r < 0 ? r : mount_first(m, &o);
}

int mount_fs(struct run *run, const struct mount_request *m)
{
	_cleanup_free_ char *text = NULL;
	int r = worker_call(mount_worker, (void *)m, USEC_FOREVER, &text, NULL);

	/* A code page, a cipher, a checksum that the file system asks the kernel for, libmount itself. */
	if (r < 0 && reserve_pending(run)) {
		free(TAKE_PTR(text));
		reserve_bring(run);
		r = worker_call(mount_worker, (void *)m, USEC_FOREVER, &text, NULL);
	}
	if (r == 0)
		return 0;
	if (!text || !*text)
		(void)string_set(&text, hint_of(-r));
	log_error("cannot mount %s (%s%s%s) on %s: %s%s%s", m->source, m->fstype, m->options ? ", " : "",
		  m->options ? m->options : "", m->target, strerror(-r), text && *text ? "; " : "",
		  text ? text : "");
	return r;
}

static void close_table(FILE **f)
{
	if (*f)
		(void)endmntent(*f);
}

/* "/usr/" is /usr. */
static bool is_target(const char *dir, const char *target)
{
	const char *rest = startswith(dir, target);

	return rest && !rest[strspn(rest, "/")];
}

int fstab_find(const char *path, const char *target, struct fstab_row *ret)
{
	_cleanup_(fstab_row_free) struct fstab_row row = { 0 };
	_cleanup_(close_table) FILE *table = setmntent(path, "re");
	const struct mntent *m;

	if (!table)
		return -errno;
	/* The first counts, as for mount(8). */
	while ((m = getmntent(table)) && !is_target(m->mnt_dir, target))
		;
	if (!m)
		return -ENOENT;
	if (string_set(&row.source, m->mnt_fsname) < 0 || string_set(&row.fstype, m->mnt_type) < 0 ||
	    string_set(&row.options, m->mnt_opts) < 0)
		return -ENOMEM;
	row.passno = m->mnt_passno;
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
