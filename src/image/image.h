/* SPDX-License-Identifier: MIT */
/* image: an initrd's file, opened and taken apart. */
#pragma once

#include "image/archive.h"
#include "image/content.h"
#include "image/manifest.h"

struct image {
	const char *path; /* borrowed; for messages */
	struct content content;
	char *owned; /* what `content` is of, where it is no file */
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

/* Bytes that are in no file, malloc(3)ed and handed over whatever is returned; `name` is for messages. As above. */
int image_take(const char *name, char *data, size_t size, struct image *ret);
void image_close(struct image *i);

/* Its manifest. The one error is logged: -ENOENT where it has none, since slipway did not build it. */
int image_manifest(const struct image *i, struct manifest *ret);

#define _cleanup_image_ _cleanup_(image_close)
