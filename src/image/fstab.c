/* SPDX-License-Identifier: MIT */
/* fstab: what the sysroot's /etc/fstab says about its root. */
#include <errno.h>

#include "base/macro.h"
#include "image/fstab.h"

int fstab_root_type(const char *text, char **ret)
{
	_cleanup_free_ char *copy = strdup(text);
	char *p = copy, *line;

	if (!copy)
		return -ENOMEM;
	while ((line = strsep(&p, "\n"))) {
		char *rest = line, *source = strtok_r(line, " \t", &rest);
		char *target = source ? strtok_r(NULL, " \t", &rest) : NULL;
		char *type = target ? strtok_r(NULL, " \t", &rest) : NULL;

		/* Neither "/" nor the name of a type needs fstab's octal escapes. */
		if (!type || *source == '#' || !streq(target, "/"))
			continue;
		type[strcspn(type, ",")] = '\0';
		if (streq(type, "auto"))
			return -ENOENT;
		*ret = strdup(type);
		return *ret ? 0 : -ENOMEM;
	}
	return -ENOENT;
}
