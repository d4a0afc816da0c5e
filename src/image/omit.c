/* SPDX-License-Identifier: MIT */
/* omit: modules that are not wanted in an image. */
#include "base/strv.h"
#include "image/omit.h"

static char folded(char c)
{
	return c == '-' ? '_' : c;
}

static bool is_name(const char *word, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strcspn(name, ".");

	for (size_t i = 0; i < n; i++)
		if (folded(word[i]) != folded(name[i]))
			return false;
	return !word[n];
}

bool omit_names(char *const *list, const char *path)
{
	STRV_FOREACH(word, list)
		if (strchr(*word, '/') ? !!startswith(path, *word) : is_name(*word, path))
			return true;
	return false;
}

bool omit_is_refusal(const char *install_command)
{
	static const char *const programs[] = { "true", "/bin/true", "/usr/bin/true",
						"false", "/bin/false", "/usr/bin/false" };
	size_t n = strcspn(install_command, " \t;&|");

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (strlen(programs[i]) == n && memcmp(programs[i], install_command, n) == 0)
			return true;
	return false;
}
