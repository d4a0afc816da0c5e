/* SPDX-License-Identifier: MIT */
/* walk: a path resolved component by component, inside a root. */
#include <errno.h>

#include "image/walk.h"

#define LINKS_MAX 40 /* MAXSYMLINKS, include/linux/namei.h */

/* Removes the last component; the root stays the root. */
static void go_up(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

static int go_down(char **path, const char *name, size_t n)
{
	char *longer;

	if (asprintf(&longer, "%s%s%.*s", *path, **path ? "/" : "", (int)n, name) < 0)
		return -ENOMEM;
	free(*path);
	*path = longer;
	return 0;
}

/* The link's text goes in front of what is left to walk; the link itself is taken off `done`. */
static int follow(char **done, char **left, const char *rest, const char *target)
{
	char *joined;

	if (asprintf(&joined, "%s/%s", target, rest) < 0)
		return -ENOMEM;
	free(*left);
	*left = joined;
	if (*target == '/')
		**done = '\0';
	else
		go_up(*done);
	return 0;
}

int walk(const char *path, walk_look look, void *data, char **ret)
{
	_cleanup_free_ char *done = strdup(""), *left = strdup(path);
	const char *p = left;
	int links = 0, r;

	if (!done || !left)
		return -ENOMEM;
	for (;;) {
		_cleanup_free_ char *target = NULL;
		size_t n;

		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 0)
			break;
		if (n == 2 && memcmp(p, "..", 2) == 0)
			go_up(done);
		else if (!(n == 1 && *p == '.')) {
			r = go_down(&done, p, n);
			if (r < 0)
				return r;
			r = look(data, done, &target);
			if (r < 0)
				return r;
		}
		p += n;
		if (!target)
			continue;
		if (++links > LINKS_MAX)
			return -ELOOP;
		r = follow(&done, &left, p, target);
		if (r < 0)
			return r;
		p = left;
	}
	*ret = TAKE_PTR(done);
	return 0;
}
