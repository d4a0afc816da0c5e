/* SPDX-License-Identifier: MIT */
/* recorded-machine: a /sys and /proc of tests/data/target in a scratch directory, with a root of one's choice. */
#pragma once

#include <errno.h>

#include "image/target.h"
#include "unit/image/root.h"

#define RECORDED "tests/data/target/"

static inline char *recorded_text(const char *name)
{
	_cleanup_free_ char *path = NULL;
	char *text = NULL;

	assert_true(asprintf(&path, RECORDED "%s", name) > 0);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
	return text;
}

static inline void recorded_parents(const struct scratch *s, const char *path)
{
	_cleanup_free_ char *parent = strdup(path);

	*strrchr(parent, '/') = '\0';
	assert_int_equal(file_mkdir_parents(s->fd, parent, 0755), 0);
}

/* "LINK -> TARGET" or "FILE = LINES", where a newline is \n: see tests/data/target/record.sh. */
static inline void recorded_line(const struct scratch *s, char *line)
{
	char *link = strstr(line, " -> "), *file = strstr(line, " = "), path[512];

	assert_true(link || file);
	*(link ?: file) = '\0';
	snprintf(path, sizeof(path), "sys/%s", line);
	recorded_parents(s, path);
	if (link) {
		root_link(s, path, link + 4);
		return;
	}
	for (char *p = file + 3; (p = strstr(p, "\\n")); p++) {
		*p = '\n';
		memmove(p + 1, p + 2, strlen(p + 2) + 1);
	}
	scratch_write(s, path, file + 3, strlen(file + 3));
}

static inline void recorded_sys(const struct scratch *s, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);

	assert_int_equal(mkdirat(s->fd, "sys", 0755), 0);
	for (char *p = copy, *line; (line = strsep(&p, "\n"));)
		if (*line && *line != '#')
			recorded_line(s, line);
}

static inline void recorded_proc(const struct scratch *s, const char *path, const char *text)
{
	recorded_parents(s, path);
	scratch_write(s, path, text, strlen(text));
}

/* The recorded mount table, where what is mounted at `root` is /. */
static inline char *recorded_mounts(const char *name, const char *root)
{
	_cleanup_free_ char *text = recorded_text(name), *wanted = NULL;
	char *out = calloc(1, strlen(text) + 1);

	assert_true(asprintf(&wanted, " %s ", root) > 0);
	for (char *p = text, *line; (line = strsep(&p, "\n"));) {
		char *at = strstr(line, wanted);

		if (!*line || (!at && strstr(line, " / / ")))
			continue;
		if (at)
			sprintf(out + strlen(out), "%.*s / %s\n", (int)(at - line), line, at + strlen(wanted));
		else
			sprintf(out + strlen(out), "%s\n", line);
	}
	return out;
}

/* Reads the target of the scratch directory; what is NULL in `from` is as for a running system. */
static inline int recorded_read(const struct scratch *s, struct target_source from, struct target *ret, char **ret_why)
{
	int r;

	from.sysfd = openat(s->fd, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	from.procfd = openat(s->fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	from.devfd = openat(s->fd, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!from.mountpoint)
		from.mountpoint = "/";
	r = target_read(&from, ret, ret_why);
	(void)close(from.sysfd);
	(void)close(from.procfd);
	(void)close(from.devfd);
	return r;
}
