/* SPDX-License-Identifier: MIT */
/*
 * libarchive: unpacking a tar archive, packed by gzip, bzip2, xz, zstd, lz4 or not at all. In a worker; the only file
 * that knows libarchive.
 */
#pragma once

#include "base/macro.h"

struct libarchive;

/*
 * Opens the library: before the worker's root becomes another, whose libraries are not ours. -ENOPKG: there is none.
 * The caller closes with libarchive_close().
 */
int libarchive_open(struct libarchive **ret);
void libarchive_close(struct libarchive *l);

/* What became of an archive. */
struct unpacked {
	size_t files;    /* with directories and all that has a name */
	size_t warned;   /* of them not all could be set: an owner, an attribute, an ACL */
	char why[512];   /* of a failure; else of the first of these */
};

/*
 * Unpacks all of `file` into the working directory, with owners (by number), modes, times, ACLs and attributes; what is
 * there by the same name is replaced. Symlinks are followed and names with ".." too: the caller has made the directory
 * its root. Every checksum was looked at when 0 comes back. Else -EBADMSG for a damaged archive or none at all, -errno
 * of what could not be made; `ret` is filled either way.
 */
int libarchive_unpack(const struct libarchive *l, int file, struct unpacked *ret);
