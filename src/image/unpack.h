/* SPDX-License-Identifier: MIT */
/* unpack: an image's files into a directory. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct unpack {
	const char *directory; /* made where it is missing */
	char *const *paths;    /* strv: only these and what is below them; NULL or empty: all */
	uint64_t part;         /* only this one of the archive's parts, from 1; 0: all */
	bool force;            /* even if the directory is not empty */
};

/*
 * All that is whole, then -EBADMSG where a part is not. Nothing is written where a name would lead out of the
 * directory, or one of the paths is not there. Errors are logged, and what was left out.
 */
int unpack_image(const char *image, const struct unpack *u);
