/* SPDX-License-Identifier: MIT */
/*
 * newc: writing the archive format that the kernel unpacks: cpio(5), "newc", as the kernel's
 * Documentation/driver-api/early-userspace/buffer-format.rst has it.
 *
 * Written and read here, not by libarchive: a record is a fixed header of hexadecimal numbers, a
 * name and the data; what counts is that each number is ours (inode numbers counted, no times, no
 * owner), and, in reading, where exactly an archive ends, since others follow it in the same
 * file. That, and libarchive would bring libxml2 and ICU with it.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/newc.h"
#include "image/tree.h"

/* Takes what is written; 0 or -errno, which ends the writing. */
typedef int (*newc_sink)(void *to, const void *data, size_t size);

struct newc_failure {
	const struct tree_node *node; /* whose content could not be read; NULL: the sink failed */
};

/* One of the archives of an image. */
struct newc_part {
	enum tree_segment segment;
	/* Where the bytes of files begin, counted from the archive's own beginning: a power of two; 0 for the 4 of the
	   format. For more than 4, names are padded with NUL. */
	unsigned int align;
};

/* Has the tree anything in it? */
bool newc_part_is_empty(const struct tree *t, const struct newc_part *part);

/*
 * Writes the nodes of that part of the tree in order of their paths, and the trailer. Every file is root's and
 * has the time `mtime`. Where a file cannot be read any more, or its size is another,
 * `*ret_failure` names it.
 */
int newc_write(const struct tree *t, const struct newc_part *part, uint32_t mtime, newc_sink sink, void *to,
	       struct newc_failure *ret_failure);
