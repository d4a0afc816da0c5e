/* SPDX-License-Identifier: MIT */
/*
 * scratch: an empty directory for one test, gone with all it holds afterwards. Use it as
 * cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown); *state is its struct
 * scratch.
 */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit/unit.h"

struct scratch {
	char path[64];
	int fd; /* of the directory */
};

static inline int scratch_setup(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	snprintf(s->path, sizeof(s->path), "/tmp/slipway-unit.XXXXXX");
	if (!mkdtemp(s->path))
		return -1;
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = s;
	return s->fd < 0 ? -1 : 0;
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int type,
				     struct FTW *f)
{
	return remove(path);
}

static inline int scratch_teardown(void **state)
{
	struct scratch *s = *state;

	(void)close(s->fd);
	(void)nftw(s->path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(s);
	return 0;
}

/* Writes a file of the directory, as a test's setting. */
static inline void scratch_write(const struct scratch *s, const char *name, const void *data,
				 size_t size)
{
	int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	assert_int_equal(close(fd), 0);
}
