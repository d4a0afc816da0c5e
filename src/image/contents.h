/* SPDX-License-Identifier: MIT */
/*
 * contents: an image's archives as the tree that the kernel will make of them.
 *
 * So what looks at the tree of a build looks at a finished image, of any generator, too.
 */
#pragma once

#include "image/archive.h"
#include "image/tree.h"

struct contents {
	struct tree tree;  /* its nodes' bytes lie in the archive */
	char **formats;    /* strv, of each part of the file: "cpio" for what is not compressed, "zstd" … */
	bool late_microcode; /* there is one where the kernel does not look: behind a compressed archive */
};

/*
 * `a` must outlive `ret`. What the kernel would leave out (a file below a file) is left out. 0 or -ENOMEM.
 */
int contents_read(const struct archive *a, struct contents *ret);
void contents_free(struct contents *c);

#define _cleanup_contents_ _cleanup_(contents_free)
