/* SPDX-License-Identifier: MIT */
/* staging: an exitrd for the system that runs now, which another initrd has booted. */
#pragma once

#include "image/config.h"
#include "image/tree.h"

/* Where systemd looks for it. */
#define STAGING_USUAL "/run/initramfs"

/*
 * Writes what the tree has below the directory `below` ("usr/lib/slipway/exitrd/") into the directory `to`, each file
 * under a temporary name that is renamed; what is there of the same name is replaced. `*ret` grows by the bytes. 0 or
 * -errno. `late` (may be NULL): the path that is left
 * out, for a call that names it as `below`.
 */
int staging_write(const struct tree *t, const char *below, const char *late, int to, uint64_t *ret);

/*
 * Makes `directory` an exitrd with what c->libexecdir or the usual place has, and the programs of `/` that what is
 * attached needs. One that is there, or that another tool has promised, stays as it is; so does an equal one of ours,
 * and an older one is replaced, its `shutdown` last. Where nothing can be executed from there, as on the /run of
 * Debian's initramfs-tools, it becomes a file system of its own. All of it is logged. 0 or -errno.
 */
int staging_do(struct config *c, const char *directory);
