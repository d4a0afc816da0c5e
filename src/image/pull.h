/* SPDX-License-Identifier: MIT */
/* pull: a path of the sysroot into the tree, with the symlinks that lead to it. */
#pragma once

#include "image/sysroot.h"
#include "image/tree.h"

struct pull {
	const char *path;           /* in the sysroot */
	const char *below;          /* into this directory of the tree, "x/y/"; NULL: its root */
	unsigned int flags;         /* enum tree_flag */
	const char *reason;
	const struct tree_node *by;
};

/*
 * What the tree has already comes before what the sysroot has: once /bin/sh is busybox, it is
 * that for everybody. `*ret` (may be NULL) is the file or directory at the end of the symlinks.
 * -ENOENT, -ELOOP, -EINVAL where it is neither file nor directory, else as tree_add().
 */
int pull(struct tree *t, const struct sysroot *s, const struct pull *p,
	 const struct tree_node **ret);

/* All names of a directory that end in `suffix`; none when there is no such directory. */
int pull_directory(struct tree *t, const struct sysroot *s, const struct pull *dir,
		   const char *suffix);
