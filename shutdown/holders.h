/* SPDX-License-Identifier: MIT */
/* holders: the processes that keep mounts and devices from going. */
#pragma once

#include <sys/types.h>

#include "shutdown/snapshot.h"

struct holder {
	pid_t pid;
	char comm[32];
	size_t node; /* which of the nodes that were asked for */
};

/*
 * Who holds them: by an open file, its working or root directory, its program, a mapping, or a mount namespace
 * of its own. Not ourselves. Looks at files without asking their file systems (statx with AT_STATX_DONT_SYNC),
 * still it may block: call it in a worker. `*ret` is one allocation of the caller's. 0 or -errno.
 */
int holders_find(int root, const struct node *const *nodes, size_t n, struct holder **ret, size_t *ret_n);

/* Does a text in the format of /proc/PID/maps name a mapping from that device? */
bool maps_have_dev(const char *text, dev_t dev);
