/* SPDX-License-Identifier: MIT */
/*
 * archive: an image's files: cpio archives, raw or compressed, with zeros between them.
 *
 * As the kernel reads them (init/initramfs.c): what comes later replaces what came before. Of a unified kernel image
 * it is what systemd-stub hands to the kernel: the sections .ucode and .initrd. The files of a reserve (reserve.h) are
 * the image's files, too: its archives are parts that come last.
 */
#pragma once

#include "image/newc.h"

struct archive_entry {
	struct newc_entry file;
	size_t segment; /* which cpio archive it stands in: hard links count inside one */
	/* Whose data it has: of several hard links only one, usually the last, carries them. */
	const struct newc_entry *content;
};

/* A piece of the file: one cpio archive, or what is compressed together. */
struct archive_part {
	size_t offset, size;     /* in the file, or in the reserve */
	bool in_reserve;
	const char *format;      /* "zstd"; NULL: not compressed */
	size_t unpacked;
	size_t entries;
};

struct archive {
	struct archive_entry *entries;
	size_t n, room;
	size_t segments;
	struct archive_part *parts;
	size_t parts_n, parts_room;
	char **buffers; /* what was decompressed */
	size_t buffers_n;
	const struct archive_entry **index; /* by name, of one name in the order of the file */
};

/* What was wrong, and where in the image; inside a compressed archive, where that begins. */
struct archive_failure {
	size_t offset;
	const char *why; /* a fixed text */
	const char *format; /* "zstd", or NULL outside of compressed ones */
	bool in_reserve;    /* `offset` counts from where that begins */
};

/*
 * Entries point into `data`, which must outlive them. -EBADMSG or -EFBIG (more than `max` bytes unpacked) with
 * `*ret_failure`: then `*ret` holds what is whole before that. -ENOMEM. Whatever is returned, `*ret` is to be freed.
 */
int archive_read(const void *data, size_t size, size_t max, struct archive *ret,
		 struct archive_failure *ret_failure);
void archive_free(struct archive *a);

/* The part that an entry stands in; NULL: in one that is damaged. */
const struct archive_part *archive_part_of(const struct archive *a, const struct archive_entry *e);

/* archive_read()'s last step: fills `index` and each entry's `content`. 0 or -ENOMEM. */
int archive_index(struct archive *a);

/*
 * The file that a path ends at, symlinks inside the image followed, the data of hard links found
 * where they are. -ENOENT, -ELOOP, -ENOMEM.
 */
int archive_find(const struct archive *a, const char *path, const struct newc_entry **ret);

/* That path without symlinks, see walk(); the caller frees. */
int archive_resolve(const struct archive *a, const char *path, char **ret);

/* The entry of exactly that name that the kernel leaves: the last; NULL: none. */
const struct archive_entry *archive_last(const struct archive *a, const char *name);

#define _cleanup_archive_ _cleanup_(archive_free)
