/* SPDX-License-Identifier: MIT */
/* root: a small sysroot in a scratch directory. */
#pragma once

#include "base/file.h"
#include "image/sysroot.h"
#include "unit/scratch.h"

static inline void root_file(const struct scratch *s, const char *path, const char *text,
			     mode_t mode)
{
	char *parent = strdup(path), *slash = strrchr(parent, '/');

	if (slash) {
		*slash = '\0';
		assert_int_equal(file_mkdir_parents(s->fd, parent, 0755), 0);
	}
	free(parent);
	scratch_write(s, path, text, strlen(text));
	assert_int_equal(fchmodat(s->fd, path, mode, 0), 0);
}

static inline void root_link(const struct scratch *s, const char *path, const char *target)
{
	assert_int_equal(symlinkat(target, s->fd, path), 0);
}

static inline struct sysroot root_open(const struct scratch *s)
{
	struct sysroot root = SYSROOT_NONE;

	assert_int_equal(sysroot_open(s->path, &root), 0);
	return root;
}
