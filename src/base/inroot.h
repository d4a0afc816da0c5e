/* SPDX-License-Identifier: MIT */
/* inroot: paths of another system's root: "/" and every symlink on the way mean that root,
 * never ours. */
#pragma once

#include <sys/types.h>

/*
 * Opens `path` as a process chrooted into `rootfd` would (openat2(2), RESOLVE_IN_ROOT: Linux 5.6).
 * A descriptor (close-on-exec is added) or -errno. The caller closes it.
 */
int inroot_open(int rootfd, const char *path, int flags);

/* Where `path` leads inside the root, symlinks resolved: "/usr/bin/x"; the caller frees. 0 or
 * -errno. */
int inroot_realpath(int rootfd, const char *path, char **ret);
