/* SPDX-License-Identifier: MIT */
/*
 * archive: an image's files: cpio archives, raw or compressed, with zeros between them.
 *
 * As the kernel reads them (init/initramfs.c): what comes later replaces what came before.
 */
#pragma once

#include "image/newc.h"

struct archive_entry {
	struct newc_entry file;
	size_t segment; /* which archive it stands in: hard links count inside one */
};

struct archive {
	struct archive_entry *entries;
	size_t n, room;
	size_t segments;
	char **buffers; /* what was decompressed */
	size_t buffers_n;
};

/* What was wrong, and where in the image; inside a compressed archive, where that begins. */
struct archive_failure {
	size_t offset;
	const char *why; /* a fixed text */
	const char *format; /* "zstd", or NULL outside of compressed ones */
};

/*
 * Entries point into `data`, which must outlive them. -EBADMSG or -EFBIG (more than `max` bytes
 * unpacked) with `*ret_failure`; -ENOMEM.
 */
int archive_read(const void *data, size_t size, size_t max, struct archive *ret,
		 struct archive_failure *ret_failure);
void archive_free(struct archive *a);

/*
 * The file that a path ends at, symlinks inside the image followed, the data of hard links found
 * where they are. -ENOENT, -ELOOP, -ENOMEM.
 */
int archive_find(const struct archive *a, const char *path, const struct newc_entry **ret);

#define _cleanup_archive_ _cleanup_(archive_free)
