/* SPDX-License-Identifier: MIT */
/* program: a program of the sysroot by its name. */
#pragma once

#include "image/build.h"

/* Where programs are looked for; ends with NULL. */
extern const char *const program_dirs[];

/* "/usr/sbin/fsck.ext4" for "fsck.ext4": the first executable file of that name. -ENOENT; the
 * caller frees. */
int program_find(const struct sysroot *s, const char *name, char **ret);

/*
 * Takes it in where it lies, and makes sure that it is found as `usual` ("usr/sbin/fsck.ext4")
 * too. -ENOENT where the sysroot has none; other errors are logged. `ret` may be NULL.
 */
int program_add(struct build *b, const char *name, const char *usual, const char *reason,
		const struct tree_node **ret);

/* Takes it in for the exitrd: `below` is EXITRD or one of its kin, see build.h. -ENOENT; other errors are logged. */
int program_add_below(struct build *b, const char *below, const char *name, const char *reason);
