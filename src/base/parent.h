/* SPDX-License-Identifier: MIT */
/* parent: the directory that a path's last name is in, kept open for the next path. */
#pragma once

#include "base/macro.h"

struct parent {
	int root;   /* paths and symlinks on the way mean that directory as "/", see inroot.h; borrowed */
	char *path; /* of the directory that was used last; NULL: none was */
	int fd;     /* that */
};

#define PARENT_NONE { .root = -EBADF, .fd = -EBADF }

/*
 * The directory that `path` is in, made with what is missing above it (0755); the descriptor stays ours until the next
 * call. -errno.
 */
int parent_open(struct parent *p, const char *path);
void parent_close(struct parent *p);

/* What stands behind the last slash. */
const char *parent_base(const char *path);
