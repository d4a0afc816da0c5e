/* SPDX-License-Identifier: MIT */
/* dlopen: the libraries that a program opens by itself, as its .note.dlopen says. */
#include <errno.h>

#include "base/strv.h"
#include "image/dlopen.h"

#define NOTE_OWNER "FDO"
#define NOTE_TYPE  0x407c0c0a

/* What is left of the text. */
struct json {
	const char *p, *end;
};

static void skip_space(struct json *j)
{
	while (j->p < j->end && strchr(" \t\r\n", *j->p) && *j->p)
		j->p++;
}

/* Takes the character if it is next. */
static bool take(struct json *j, char c)
{
	skip_space(j);
	if (j->p == j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

/*
 * A string. Escapes are kept as they are written: names of libraries have none, and descriptions
 * are not looked at.
 */
static int take_string(struct json *j, char **ret)
{
	const char *start;
	char *copy;

	if (!take(j, '"'))
		return -EBADMSG;
	for (start = j->p; j->p < j->end && *j->p != '"'; j->p++)
		if (*j->p == '\\' && ++j->p == j->end)
			return -EBADMSG;
	if (j->p >= j->end)
		return -EBADMSG;
	copy = strndup(start, (size_t)(j->p - start));
	if (!copy)
		return -ENOMEM;
	j->p++;
	free(*ret);
	*ret = copy;
	return 0;
}

/* A value is a string or an array of strings; nothing else is in the specification. */
static int take_value(struct json *j, char ***ret)
{
	bool array = take(j, '[');

	if (array && take(j, ']'))
		return 0;
	do {
		_cleanup_free_ char *s = NULL;
		int r = take_string(j, &s);

		if (r < 0 || (r = strv_push(ret, s)) < 0)
			return r;
	} while (array && take(j, ','));
	return !array || take(j, ']') ? 0 : -EBADMSG;
}

/* An unknown priority is taken for the default, which is "recommended". */
static enum dlopen_priority priority_of(const char *word)
{
	if (streq(word, "required"))
		return DLOPEN_REQUIRED;
	return streq(word, "suggested") ? DLOPEN_SUGGESTED : DLOPEN_RECOMMENDED;
}

static int take_member(struct json *j, struct dlopen_feature *f)
{
	_cleanup_free_ char *key = NULL;
	_cleanup_strv_ char **value = NULL;
	int r = take_string(j, &key);

	if (r < 0)
		return r;
	if (!take(j, ':'))
		return -EBADMSG;
	r = take_value(j, &value);
	if (r < 0)
		return r;
	if (streq(key, "soname")) {
		strv_free(f->sonames);
		f->sonames = TAKE_PTR(value);
	} else if (streq(key, "priority") && value)
		f->priority = priority_of(value[0]);
	else if (streq(key, "feature") && value)
		return string_set(&f->name, value[0]);
	return 0;
}

static void feature_free(struct dlopen_feature *f)
{
	free(f->name);
	strv_free(f->sonames);
}

static int take_feature(struct json *j, struct dlopen_features *ret)
{
	_cleanup_(feature_free) struct dlopen_feature f = { .priority = DLOPEN_RECOMMENDED };
	struct dlopen_feature *grown;

	if (!take(j, '{'))
		return -EBADMSG;
	do {
		int r = take_member(j, &f);

		if (r < 0)
			return r;
	} while (take(j, ','));
	if (!take(j, '}'))
		return -EBADMSG;
	grown = realloc(ret->items, (ret->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	ret->items = grown;
	grown[ret->n++] = f;
	f = (struct dlopen_feature){ 0 };
	return 0;
}

int dlopen_parse(const char *text, size_t size, struct dlopen_features *ret)
{
	/* The note's text is padded with NUL. */
	struct json j = { .p = text, .end = text + strnlen(text, size) };
	int r;

	if (!take(&j, '['))
		return -EBADMSG;
	if (take(&j, ']'))
		return 0;
	do {
		r = take_feature(&j, ret);
		if (r < 0)
			return r;
	} while (take(&j, ','));
	return take(&j, ']') ? 0 : -EBADMSG;
}

int dlopen_read(const struct elf *e, struct dlopen_features *ret)
{
	_cleanup_dlopen_ struct dlopen_features f = { 0 };
	uint64_t state = 0, size;
	const void *text;

	while ((text = elf_next_note(e, NOTE_OWNER, NOTE_TYPE, &state, &size))) {
		int r = dlopen_parse(text, size, &f);

		if (r < 0)
			return r;
	}
	*ret = f;
	f = (struct dlopen_features){ 0 };
	return 0;
}

void dlopen_free(struct dlopen_features *f)
{
	for (size_t i = 0; i < f->n; i++)
		feature_free(&f->items[i]);
	free(f->items);
	*f = (struct dlopen_features){ 0 };
}
