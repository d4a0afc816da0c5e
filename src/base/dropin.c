/* SPDX-License-Identifier: MIT */
/* dropin: configuration in pieces, put together. */
#include <errno.h>

#include "base/dropin.h"
#include "base/file.h"
#include "base/strv.h"

#define DROPIN_MAX (1 << 20)

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int collect_names(int dirfd, const char *path, const char *suffix, char ***names)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!dir) {
		int r = errno == ENOENT || errno == ENOTDIR ? 0 : -errno;

		close_fd(&fd);
		return r;
	}
	while ((de = readdir(dir))) {
		int r;

		if (de->d_name[0] == '.' || !endswith(de->d_name, suffix) || strv_contains(*names, de->d_name))
			continue;
		r = strv_push(names, de->d_name);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The file of that name in the first directory that has it. */
static int append_file(int dirfd, const char *const dirs[], const char *name, FILE *out)
{
	for (size_t i = 0; dirs[i]; i++) {
		_cleanup_free_ char *path = NULL, *text = NULL;
		int r;

		if (asprintf(&path, "%s/%s", dirs[i], name) < 0)
			return -ENOMEM;
		r = file_read(dirfd, path, DROPIN_MAX, &text, NULL);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		(void)fprintf(out, "%s\n", text);
		return 0;
	}
	return 0;
}

int dropin_read(int dirfd, const char *const dirs[], const char *suffix, char **ret)
{
	_cleanup_strv_ char **names = NULL;
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out;
	int r = 0;

	for (size_t i = 0; dirs[i] && r == 0; i++)
		r = collect_names(dirfd, dirs[i], suffix, &names);
	if (r < 0)
		return r;
	if (names)
		qsort(names, strv_length(names), sizeof(*names), by_name);
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	STRV_FOREACH(name, names)
		if (r == 0)
			r = append_file(dirfd, dirs, *name, out);
	if (fclose(out) != 0 && r == 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	*ret = TAKE_PTR(text);
	return 0;
}

void dropin_blank_comments(char *text)
{
	for (char *line = text; *line;) {
		size_t n = strcspn(line, "\n"), blank = strspn(line, " \t");

		if (line[blank] == '#' || line[blank] == ';')
			memset(line, ' ', n);
		line += n + (line[n] == '\n');
	}
}
