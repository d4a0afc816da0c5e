/* SPDX-License-Identifier: MIT */
/* ldpath: the directories in which the dynamic loader of a sysroot looks for libraries. */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>

#include "base/buffer.h"
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

struct variable {
	const char *name, *value; /* NULL: not known */
};

/* "$NAME" or "${NAME}" at `*at`, which moves behind it. */
static const struct variable *take_variable(const struct variable *variables, const char **at)
{
	for (const struct variable *v = variables; v->name; v++) {
		bool braces = (*at)[1] == '{';
		const char *rest = startswith(*at + 1 + braces, v->name);

		if (!rest || (braces && *rest != '}'))
			continue;
		*at = rest + braces;
		return v;
	}
	return NULL;
}

/* `*ret` stays NULL for a directory that cannot be known. */
static int expand_one(const char *dir, const struct variable *variables, char **ret)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	int r = 0;

	while (r == 0 && *dir) {
		size_t n = strcspn(dir, "$");

		r = buffer_append(&text, dir, n);
		dir += n;
		if (r == 0 && *dir) {
			const struct variable *v = take_variable(variables, &dir);

			if (!v || !v->value)
				return 0;
			r = buffer_append(&text, v->value, strlen(v->value));
		}
	}
	if (r == 0)
		r = buffer_append(&text, "", 1);
	if (r == 0 && *text.data == '/')
		*ret = TAKE_PTR(text.data);
	return r;
}

int ldpath_expand(const char *rpath, const char *origin, const char *loader_dir, char ***ret)
{
	const char *below = loader_dir ? startswith(loader_dir, "usr/") : NULL;
	_cleanup_free_ char *absolute = NULL;
	_cleanup_strv_ char **dirs = NULL;
	int r = strv_split(&dirs, rpath, ":");

	if (asprintf(&absolute, "/%s", origin) < 0)
		return -ENOMEM;
	const struct variable variables[] = {
		{ "ORIGIN", absolute }, { "LIB", below ?: loader_dir }, { NULL, NULL }
	};

	STRV_FOREACH(dir, dirs) {
		_cleanup_free_ char *expanded = NULL;

		if (r == 0)
			r = expand_one(*dir, variables, &expanded);
		if (r == 0 && expanded)
			r = strv_push(ret, expanded);
	}
	return r;
}
