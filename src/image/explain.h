/* SPDX-License-Identifier: MIT */
/* explain: why a file or module is in an image. */
#pragma once

#include "image/config.h"
#include "image/image.h"

struct explain {
	const struct image *image;
	/* The system that the image is of, where it is known: config_complete()d. NULL: it is not. */
	const struct config *config;
};

/*
 * What pulled it in, one step a line, to standard output, up to what is in for its own sake. `word` is a path, a file's
 * name alone, a module's, in either spelling of '-', or, where the system is known, a module's alias; where several
 * are of that name, all of them. 0; -ENOENT after an error that says where else it is, and what left it out; -errno
 * after another error.
 */
int explain_print(const struct explain *e, const char *word);
