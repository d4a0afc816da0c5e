/* SPDX-License-Identifier: MIT */
/* osrelease: what the sysroot's os-release(5) says. */
#include <errno.h>

#include "image/osrelease.h"

int osrelease_read(const struct sysroot *s, char **ret)
{
	int r = sysroot_read(s, "/etc/os-release", ret);

	return r == -ENOENT ? sysroot_read(s, "/usr/lib/os-release", ret) : r;
}

int osrelease_value(const char *text, const char *key, char **ret)
{
	size_t n = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *value;

		line += *line == '\n';
		if (strncmp(line, key, n) != 0 || line[n] != '=')
			continue;
		value = line + n + 1;
		value += *value == '"' || *value == '\'';
		*ret = strndup(value, strcspn(value, "\"'\n"));
		return *ret ? 0 : -ENOMEM;
	}
	return -ENOENT;
}
