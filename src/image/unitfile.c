/* SPDX-License-Identifier: MIT */
/* unitfile: what a unit of systemd's names. */
#include <errno.h>

#include "base/macro.h"
#include "base/strv.h"
#include "image/unitfile.h"

/* What follows "ExecStart=", "ExecStopPost =" and the like; NULL: another line. */
static const char *value_of(const char *line)
{
	const char *rest = startswith(line, "Exec");

	if (!rest)
		return NULL;
	rest += strspn(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
	rest += strspn(rest, " \t");
	if (*rest != '=')
		return NULL;
	rest++;
	return rest + strspn(rest, " \t");
}

int unitfile_programs(const char *text, char ***ret)
{
	for (const char *line = text; *line;) {
		const char *value = value_of(line += strspn(line, " \t"));
		_cleanup_free_ char *word = NULL;

		if (value) {
			value += strspn(value, "-@:+!|");
			word = strndup(value, strcspn(value, " \t\n"));
			if (!word)
				return -ENOMEM;
			if (*word && !strv_contains(*ret, word) && strv_push(ret, word) < 0)
				return -ENOMEM;
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return 0;
}
