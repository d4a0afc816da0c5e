/* SPDX-License-Identifier: MIT */
/* strv: NULL-terminated arrays of strings. */
#include <errno.h>

#include "base/strv.h"

void strv_free(char **l)
{
	STRV_FOREACH(s, l)
		free(*s);
	free(l);
}

size_t strv_length(char *const *l)
{
	size_t n = 0;

	STRV_FOREACH(s, l)
		n++;
	return n;
}

bool strv_contains(char *const *l, const char *s)
{
	STRV_FOREACH(t, l)
		if (streq(*t, s))
			return true;
	return false;
}

int strv_push(char ***l, const char *s)
{
	size_t n = strv_length(*l);
	char **grown = realloc(*l, (n + 2) * sizeof(char *));

	if (!grown)
		return -ENOMEM;
	*l = grown;
	grown[n] = strdup(s);
	if (!grown[n])
		return -ENOMEM;
	grown[n + 1] = NULL;
	return 0;
}

void strv_remove(char **l, const char *s)
{
	char **to = l;

	for (char **from = l; from && *from; from++)
		if (streq(*from, s))
			free(*from);
		else
			*to++ = *from;
	if (to)
		*to = NULL;
}

int strv_split(char ***l, const char *s, const char *separators)
{
	for (;;) {
		_cleanup_free_ char *word = NULL;
		size_t n;
		int r;

		s += strspn(s, separators);
		n = strcspn(s, separators);
		if (n == 0)
			return 0;
		word = strndup(s, n);
		if (!word)
			return -ENOMEM;
		r = strv_push(l, word);
		if (r < 0)
			return r;
		s += n;
	}
}

char *strv_join(char *const *l, const char *between)
{
	size_t size = 1;
	char *text, *p;

	STRV_FOREACH(s, l)
		size += strlen(*s) + strlen(between);
	text = p = malloc(size);
	if (!text)
		return NULL;
	*p = '\0';
	STRV_FOREACH(s, l)
		p = stpcpy(stpcpy(p, s == l ? "" : between), *s);
	return text;
}
