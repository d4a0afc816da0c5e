/* SPDX-License-Identifier: MIT */
/* crypttab: /etc/crypttab. */
#include <errno.h>

#include "base/crypttab.h"
#include "base/strv.h"

#define BLANK " \t\r"

static void row_free(struct crypttab_row *row)
{
	free(row->name);
	free(row->source);
	free(row->key);
	free(row->key_device);
	strv_free(row->options);
}

void crypttab_free(struct crypttab *t)
{
	for (size_t i = 0; i < t->n; i++)
		row_free(&t->rows[i]);
	free(t->rows);
	*t = (struct crypttab){ 0 };
}

bool crypttab_is_device(const char *text)
{
	static const char *const starts[] = { "/dev/", "UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (startswith(text, starts[i]))
			return true;
	return false;
}

const char *crypttab_find_device(const char *text)
{
	for (const char *colon = text; (colon = strchr(colon, ':')); colon++)
		if (crypttab_is_device(colon + 1))
			return colon + 1;
	return NULL;
}

static int set_key(struct crypttab_row *row, const char *key)
{
	const char *device = crypttab_find_device(key);

	if (streq(key, "none") || streq(key, "-"))
		return 0;
	if (!device)
		return string_set(&row->key, key);
	row->key = strndup(key, (size_t)(device - 1 - key));
	return row->key ? string_set(&row->key_device, device) : -ENOMEM;
}

static int add_row(struct crypttab *t, char *const *fields, unsigned int line)
{
	size_t n = strv_length(fields);
	struct crypttab_row *grown = realloc(t->rows, (t->n + 1) * sizeof(*grown)), *row;
	int r;

	if (!grown)
		return -ENOMEM;
	t->rows = grown;
	row = &grown[t->n++];
	*row = (struct crypttab_row){ .line = line };
	r = string_set(&row->name, fields[0]);
	if (r == 0)
		r = string_set(&row->source, fields[1]);
	if (r == 0 && n > 2)
		r = set_key(row, fields[2]);
	if (r == 0 && n > 3)
		r = strv_split(&row->options, fields[3], ",");
	return r;
}

static int parse_line(struct crypttab *t, const char *text, unsigned int line)
{
	_cleanup_strv_ char **fields = NULL;
	int r = strv_split(&fields, text, BLANK);

	if (r < 0 || !fields || fields[0][0] == '#')
		return r;
	if (strv_length(fields) >= 2)
		return add_row(t, fields, line);
	if (t->damaged == 0)
		t->damaged = line;
	return 0;
}

int crypttab_parse(const char *text, struct crypttab *ret)
{
	_cleanup_crypttab_ struct crypttab t = { 0 };
	_cleanup_free_ char *copy = strdup(text);
	char *p = copy, *line;

	if (!copy)
		return -ENOMEM;
	for (unsigned int n = 1; (line = strsep(&p, "\n")); n++)
		if (parse_line(&t, line, n) < 0)
			return -ENOMEM;
	*ret = t;
	t = (struct crypttab){ 0 };
	return 0;
}

const char *crypttab_option(const struct crypttab_row *row, const char *name)
{
	STRV_FOREACH(option, row->options) {
		const char *rest = startswith(*option, name);

		if (rest && *rest == '=')
			return rest + 1;
		if (rest && !*rest)
			return rest;
	}
	return NULL;
}

bool crypttab_is_early(const struct crypttab_row *row)
{
	return crypttab_option(row, "x-initrd.attach") || crypttab_option(row, "initramfs");
}
