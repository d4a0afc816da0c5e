/* SPDX-License-Identifier: MIT */
/* fstab: what the sysroot's /etc/fstab says about a place. */
#include <errno.h>

#include "base/mountinfo.h"
#include "image/fstab.h"

/* 'UUID="ab cd"' has quotes, "ab\\040cd" an escape: both mean a blank. fstab(5), libmount */
static void plain_source(char *source)
{
	char *to = source;

	mountinfo_unescape(source);
	for (const char *p = source; *p; p++)
		if (*p != '"')
			*to++ = *p;
	*to = '\0';
}

static int take_row(char *source, char *type, char **ret_source, char **ret_type)
{
	_cleanup_free_ char *s = NULL, *t = NULL;

	plain_source(source);
	type[strcspn(type, ",")] = '\0';
	if ((ret_source && !(s = strdup(source))) || (ret_type && !streq(type, "auto") && !(t = strdup(type))))
		return -ENOMEM;
	if (ret_source)
		*ret_source = TAKE_PTR(s);
	if (ret_type)
		*ret_type = TAKE_PTR(t);
	return 0;
}

/* In the text itself, which is cut up. */
struct row {
	char *source, *type, *options; /* NULL: the row has none */
};

static int find_row(char *text, const char *target, struct row *ret)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *rest = line, *source = strtok_r(line, " \t", &rest);
		char *at = source ? strtok_r(NULL, " \t", &rest) : NULL;
		char *type = at ? strtok_r(NULL, " \t", &rest) : NULL;

		/* Neither "/" nor "/usr" nor the name of a type needs fstab's escapes. */
		if (type && *source != '#' && streq(at, target)) {
			*ret = (struct row){ source, type, strtok_r(NULL, " \t", &rest) };
			return 0;
		}
	}
	return -ENOENT;
}

int fstab_find(const char *text, const char *target, char **ret_source, char **ret_type)
{
	_cleanup_free_ char *copy = strdup(text);
	struct row row;
	int r = copy ? find_row(copy, target, &row) : -ENOMEM;

	return r < 0 ? r : take_row(row.source, row.type, ret_source, ret_type);
}

int fstab_find_options(const char *text, const char *target, char **ret)
{
	_cleanup_free_ char *copy = strdup(text);
	struct row row;
	int r = copy ? find_row(copy, target, &row) : -ENOMEM;
	char *options;

	if (r < 0)
		return r;
	options = strdup(row.options ?: "");
	if (!options)
		return -ENOMEM;
	mountinfo_unescape(options);
	*ret = options;
	return 0;
}
