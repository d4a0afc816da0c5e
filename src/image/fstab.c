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

int fstab_find(const char *text, const char *target, char **ret_source, char **ret_type)
{
	_cleanup_free_ char *copy = strdup(text);
	char *p = copy, *line;

	if (!copy)
		return -ENOMEM;
	while ((line = strsep(&p, "\n"))) {
		char *rest = line, *source = strtok_r(line, " \t", &rest);
		char *at = source ? strtok_r(NULL, " \t", &rest) : NULL;
		char *type = at ? strtok_r(NULL, " \t", &rest) : NULL;

		/* Neither "/" nor "/usr" nor the name of a type needs fstab's escapes. */
		if (type && *source != '#' && streq(at, target))
			return take_row(source, type, ret_source, ret_type);
	}
	return -ENOENT;
}
