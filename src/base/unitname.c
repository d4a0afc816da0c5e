/* SPDX-License-Identifier: MIT */
/* unitname: systemd.unit(5), "string escaping for inclusion in unit names". */
#include <ctype.h>
#include <errno.h>

#include "base/macro.h"
#include "base/unitname.h"

int unitname_escape_path(const char *path, char **ret)
{
	char *out = malloc(strlen(path) * 4 + 2), *to = out;

	if (!out)
		return -ENOMEM;
	while (*path == '/')
		path++;
	for (const char *p = path; *p; p++) {
		bool plain = isalnum((unsigned char)*p) || strchr(":_.", *p);

		if (*p == '/') {
			while (p[1] == '/')
				p++;
			if (p[1])
				*to++ = '-';
		} else if (!plain || (*p == '.' && p == path))
			to += sprintf(to, "\\x%02x", (unsigned char)*p);
		else
			*to++ = *p;
	}
	if (to == out)
		*to++ = '-';
	*to = '\0';
	*ret = out;
	return 0;
}
