/* SPDX-License-Identifier: MIT */
/* mount: mounting, in a worker: by mount(2), or by libmount where an option is its business; and rows of an fstab. */
#pragma once

#include "base/macro.h"

struct run;

struct mount_request {
	const char *source, *target;
	const char *fstype;  /* or a list, "ext4,xfs" */
	const char *options; /* as in fstab; flags of the kernel and the file system's own. May be NULL */
	const char *access;  /* "ro" or "rw", wins over options; NULL: as they say */
};

/*
 * 0, or -errno after the one error was logged. What fails is tried again with the reserve. Blocks: a journal may have
 * to be replayed, which takes the time it takes.
 */
int mount_fs(struct run *run, const struct mount_request *m);

struct fstab_row {
	char *source, *fstype, *options;
	int passno;
};

/* The row of a target in that fstab. 0; -ENOENT where there is none; the caller frees with fstab_row_free(). */
int fstab_find(const char *path, const char *target, struct fstab_row *ret);
void fstab_row_free(struct fstab_row *row);

bool mount_is_mountpoint(const char *path);
