/* SPDX-License-Identifier: MIT */
/* ldpath: the directories in which the dynamic loader of a sysroot looks for libraries. */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>

#include "base/strv.h"
#include "image/ldpath.h"

#define INCLUDE_DEPTH_MAX 16

const char *const ldpath_defaults[] = { "/lib64", "/usr/lib64", "/lib", "/usr/lib", NULL };

static int read_conf(const struct sysroot *s, const char *path, unsigned int depth, char ***ret);

/* The directory part, with its slash; "" where there is none. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strndup(path, slash ? (size_t)(slash + 1 - path) : 0);
}

/* "include /etc/ld.so.conf.d/ *.conf": the last component may be a pattern, as everybody writes
 * it. */
static int include(const struct sysroot *s, const char *from, const char *pattern,
		   unsigned int depth, char ***ret)
{
	_cleanup_free_ char *dir = directory_of(*pattern == '/' ? pattern : from);
	const char *slash = strrchr(pattern, '/'), *base = slash ? slash + 1 : pattern;
	_cleanup_free_ char *below = NULL;
	_cleanup_strv_ char **names = NULL;
	int r;

	/* A relative pattern counts from the file that it stands in. */
	if (!dir || asprintf(&below, "%s%.*s", dir, *pattern == '/' ? 0 : (int)(base - pattern),
			     pattern) < 0)
		return -ENOMEM;
	r = sysroot_list(s, below, "", &names);
	STRV_FOREACH(name, names) {
		_cleanup_free_ char *path = NULL;

		if (r < 0)
			break;
		if (fnmatch(base, *name, 0) != 0)
			continue;
		if (asprintf(&path, "%s%s", below, *name) < 0)
			return -ENOMEM;
		r = read_conf(s, path, depth + 1, ret);
	}
	return r;
}

static int push_directories(char *line, char ***ret)
{
	_cleanup_strv_ char **words = NULL;
	int r = strv_split(&words, line, ":, \t");

	STRV_FOREACH(word, words) {
		/* "dir=libc6", an old form, still read by ldconfig. */
		(*word)[strcspn(*word, "=")] = '\0';
		if (r == 0 && **word == '/' && !strv_contains(*ret, *word))
			r = strv_push(ret, *word);
	}
	return r;
}

static int read_line(const struct sysroot *s, const char *path, char *line, unsigned int depth,
		     char ***ret)
{
	_cleanup_strv_ char **patterns = NULL;
	const char *arguments;
	int r;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, " \t");
	arguments = startswith(line, "include");
	if (!arguments || !isspace((unsigned char)*arguments)) {
		/* "hwcap N NAME" named what no loader uses any more. */
		return startswith(line, "hwcap") ? 0 : push_directories(line, ret);
	}
	r = strv_split(&patterns, arguments, " \t");
	STRV_FOREACH(pattern, patterns)
		if (r == 0)
			r = include(s, path, *pattern, depth, ret);
	return r;
}

static int read_conf(const struct sysroot *s, const char *path, unsigned int depth, char ***ret)
{
	_cleanup_free_ char *text = NULL;
	char *p, *line;
	int r;

	if (depth > INCLUDE_DEPTH_MAX)
		return -ELOOP;
	r = sysroot_read(s, path, &text);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	p = text;
	while (r == 0 && (line = strsep(&p, "\n")))
		r = read_line(s, path, line, depth, ret);
	return r;
}

int ldpath_read_conf(const struct sysroot *s, char ***ret)
{
	return read_conf(s, "/etc/ld.so.conf", 0, ret);
}

/* `*ret` stays NULL for a directory that cannot be known. */
static int expand_one(const char *dir, const char *origin, char **ret)
{
	const char *rest = startswith(dir, "$ORIGIN");

	if (!rest)
		rest = startswith(dir, "${ORIGIN}");
	if (strchr(rest ? rest : dir, '$') || (!rest && *dir != '/'))
		return 0;
	return asprintf(ret, "%s%s%s", rest ? "/" : "", rest ? origin : "", rest ? rest : dir) < 0
		       ? -ENOMEM
		       : 0;
}

int ldpath_expand(const char *rpath, const char *origin, char ***ret)
{
	_cleanup_strv_ char **dirs = NULL;
	int r = strv_split(&dirs, rpath, ":");

	STRV_FOREACH(dir, dirs) {
		_cleanup_free_ char *expanded = NULL;

		if (r == 0)
			r = expand_one(*dir, origin, &expanded);
		if (r == 0 && expanded)
			r = strv_push(ret, expanded);
	}
	return r;
}
