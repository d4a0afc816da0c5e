/* SPDX-License-Identifier: MIT */
/* string: replacing a string that somebody owns. */
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
