/* SPDX-License-Identifier: MIT */
/* sysfs: a small /sys in a scratch directory. */
#pragma once

#include <sys/stat.h>

#include "base/file.h"
#include "unit/scratch.h"

/* A file, "/devices/…", with the directories that it lies in. */
static inline void sysfs_write(const struct scratch *s, const char *path, const char *text)
{
	char directory[256];

	path++;
	snprintf(directory, sizeof(directory), "%s", path);
	*strrchr(directory, '/') = '\0';
	assert_int_equal(file_mkdir_parents(s->fd, directory, 0755), 0);
	scratch_write(s, path, text, strlen(text));
}
