/* SPDX-License-Identifier: MIT */
/*
 * manifest: what lies in an image and why, written into the image itself.
 *
 *	#slipway<TAB>0.1.0
 *	#kernel<TAB>6.1.0-50-amd64
 *	#mode<TAB>generic
 *	init<TAB>the kernel runs it<TAB>
 *	usr/lib/x86_64-linux-gnu/libc.so.6<TAB>library of<TAB>init
 *
 * Lines of text that grep, cut and sort can read: first what the image is, a word and its value each, then a line for
 * each path, in the order of the archive: the path, the reason, and the path that it is for or nothing. Control
 * characters and the backslash are \ooo, and so is a '#' that a path begins with.
 */
#pragma once

#include "base/macro.h"
#include "image/tree.h"

#define MANIFEST "usr/lib/slipway/manifest"

struct manifest_row {
	const char *path, *reason;
	const char *by; /* "": for its own sake */
};

struct manifest {
	char *text; /* what the strings are in */
	const char *version, *kernel, *mode; /* NULL: not said */
	struct manifest_row *rows; /* by path */
	size_t n;
};

struct manifest_failure {
	size_t line; /* from 1 */
	const char *why; /* a fixed text */
};

/* What a tree will be, as the text above; the manifest's own row is in it. The caller frees. 0 or -ENOMEM. */
int manifest_text(const struct tree *t, const char *kernel, const char *mode, char **ret, size_t *ret_size);

/* The bytes of the file, which may be anybody's. 0, -EBADMSG with `*ret_failure`, -ENOMEM. */
int manifest_read(const void *data, size_t size, struct manifest *ret, struct manifest_failure *ret_failure);
void manifest_free(struct manifest *m);

/* The row of exactly that path, or NULL. */
const struct manifest_row *manifest_find(const struct manifest *m, const char *path);

#define _cleanup_manifest_ _cleanup_(manifest_free)
