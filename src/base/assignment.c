/* SPDX-License-Identifier: MIT */
/* assignment: lines KEY=VALUE. */
#include <errno.h>

#include "base/assignment.h"
#include "base/macro.h"

int assignment_value(const char *text, const char *key, char **ret)
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
