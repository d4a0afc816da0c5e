/* SPDX-License-Identifier: MIT */
/*
 * deposit: an archive's files made below a directory, which nothing of the archive can leave.
 *
 * As the kernel unpacks (init/initramfs.c): paths and symlinks on the way mean that directory as the root, what is
 * there already of another kind is replaced. Parents that an archive leaves out are made.
 */
#pragma once

#include "base/inode.h"
#include "base/parent.h"
#include "image/archive.h"

struct deposit {
	struct parent parent;   /* its root is the directory, the caller's to set */
	struct inodes inodes;   /* `owners` is the caller's to set */
	size_t files;           /* made */
	/* Its own. */
	void *links;            /* hard links, by what they are a link of, tsearch(3) */
	struct deposited *dirs; /* whose modes and times come last */
	size_t dirs_n, dirs_room;
};

#define DEPOSIT_NONE { .parent = PARENT_NONE }

/*
 * A name as it stands in an archive, without "." and empty components: "" is the directory itself. -EINVAL where it
 * has ".."; the caller frees.
 */
int deposit_name(const char *name, char **ret);

/* 0 or -errno: -EINVAL for the name, or a kind of file that does not exist. */
int deposit_add(struct deposit *d, const struct archive_entry *e);

/* After the last: directories get their modes and times, which what was put into them would have changed. */
int deposit_finish(struct deposit *d);
void deposit_close(struct deposit *d);

#define _cleanup_deposit_ _cleanup_(deposit_close)
