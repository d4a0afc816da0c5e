/* SPDX-License-Identifier: MIT */
/*
 * unpacker: an archive that comes in pieces, made into files below a directory.
 *
 * One record is held in memory at a time: the reserve of a generic image unpacks to tens of megabytes, and the machine
 * may be small. Paths and symlinks of the archive cannot lead out of the directory; what it has no parents for gets
 * them.
 */
#pragma once

#include "base/buffer.h"
#include "base/inode.h"
#include "base/parent.h"

struct unpacker {
	struct parent parent;  /* its root is the directory, the caller's to set */
	struct inodes inodes;
	struct buffer pending; /* the beginning of a record */
	uint64_t at;           /* where that stands in the archive */
	struct unpacked_link *links;
	size_t links_n;
	bool ended;            /* the trailer has come; what follows is padding */
};

#define UNPACKER_NONE { .parent = PARENT_NONE }

/* The next bytes. 0, -EBADMSG with `*ret_why`, -EINVAL: a name that leads out, -errno of making a file. */
int unpacker_feed(struct unpacker *u, const void *data, size_t size, const char **ret_why);

/* After the last of them: -ENODATA where it was not the end. */
int unpacker_finish(const struct unpacker *u);
void unpacker_close(struct unpacker *u);

#define _cleanup_unpacker_ _cleanup_(unpacker_close)
