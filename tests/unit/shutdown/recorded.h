/* SPDX-License-Identifier: MIT */
/*
 * recorded: what shutdown saw on real machines (tests/data/shutdown, made by record.sh there), as files in a
 * scratch directory again.
 */
#pragma once

#include <sys/stat.h>

#include "base/file.h"
#include "unit/scratch.h"

static inline void recorded_make(const struct scratch *s, char *path, const char *text, size_t size)
{
	size_t n = strlen(path);
	char *slash;

	if (path[n - 1] == '/') {
		path[n - 1] = '\0';
		assert_int_equal(file_mkdir_parents(s->fd, path, 0755), 0);
		return;
	}
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(file_mkdir_parents(s->fd, path, 0755), 0);
	*slash = '/';
	scratch_write(s, path, text, size);
}

/* Makes all of tests/data/shutdown/NAME below the scratch directory. */
static inline void recorded_load(const struct scratch *s, const char *name)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	char *head;

	assert_true(asprintf(&path, "tests/data/shutdown/%s", name) > 0);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
	head = text;
	assert_int_equal(strncmp(head, "== ", 3), 0);
	while (head) {
		char *line_end = strchr(head, '\n'), *next = strstr(line_end, "\n== ");

		*line_end = '\0';
		recorded_make(s, head + 3, line_end + 1,
			      next ? (size_t)MAX(next - line_end, (ssize_t)0) : strlen(line_end + 1));
		head = next ? next + 1 : NULL;
	}
}
