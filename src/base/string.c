/* SPDX-License-Identifier: MIT */
/* string: strings that somebody owns, and questions about paths. */
#include <errno.h>

#include "base/macro.h"

int string_set(char **p, const char *s)
{
	char *copy = NULL;

	if (s) {
		copy = strdup(s);
		if (!copy)
			return -ENOMEM;
	}
	free(*p);
	*p = copy;
	return 0;
}

bool path_has_dot_dot(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")); p++)
		if ((p == path || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}
