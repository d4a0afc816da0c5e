/* SPDX-License-Identifier: MIT */
/* image: an initrd's file, opened and taken apart. */
#pragma once

#include "image/archive.h"
#include "image/content.h"

struct image {
	const char *path; /* borrowed */
	struct content content;
	struct archive archive;
	struct archive_failure failure; /* `why` is NULL where all of it is whole */
};

/*
 * 0, also where the file is damaged or none of this kind: then `archive` has what is whole before that. -errno after
 * the error was logged: it cannot be read.
 */
int image_open(const char *path, struct image *ret);

/* 0: it is whole. Else the error is logged: -EBADMSG. */
int image_check(const struct image *i);

/* Both: only what is whole. */
int image_open_whole(const char *path, struct image *ret);
void image_close(struct image *i);

#define _cleanup_image_ _cleanup_(image_close)
