/* SPDX-License-Identifier: MIT */
/* nearby: the modules that lie in the first archive. */
#include "init/nearby.h"

#include <errno.h>
#include <fnmatch.h>

#include "base/cmdline.h"

/*
 * "pci:v00001AF4d" and "usb:v1D6Bp0002" are as long: by so many letters most devices are told apart. With 1500 patterns
 * and 60 devices, fnmatch(3) of all would take longer than unpacking the archive does.
 */
#define KEY_SIZE 14

/* libkmod takes '-' for '_' in aliases, too, but not in "[0-9]". */
static void normalize(char *s)
{
	for (bool inside = false; *s; s++) {
		inside = *s == '[' || (inside && *s != ']');
		if (*s == '-' && !inside)
			*s = '_';
	}
}

/* FNV-1a; never 0. */
static uint32_t key_of(const char *s)
{
	uint32_t key = 2166136261U;

	for (size_t i = 0; i < KEY_SIZE; i++)
		key = (key ^ (unsigned char)s[i]) * 16777619U;
	return key ? key : 1;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; n++)
		text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n');
	return n;
}

/* "kernel/a-b.ko" → "a_b"; NULL: out of memory. */
static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char *name = strndup(base, strlen(base) - strlen(".ko"));

	if (name)
		normalize(name);
	return name;
}

/* "kernel/a.ko: kernel/b.ko kernel/c.ko" */
static int read_modules(struct nearby *n)
{
	char *p = n->dep, *line;

	n->modules = calloc(count_lines(p) + 1, sizeof(*n->modules));
	if (!n->modules)
		return -ENOMEM;
	while ((line = strsep(&p, "\n"))) {
		char *colon = strchr(line, ':');
		struct nearby_module m = { .path = line };

		if (!colon || colon == line)
			continue;
		*colon = '\0';
		if (!endswith(line, ".ko"))
			continue;
		m.needs = colon + 1;
		m.name = name_of(line);
		if (!m.name)
			return -ENOMEM;
		n->modules[n->modules_n++] = m;
	}
	return 0;
}

/* "alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci" */
static int read_aliases(struct nearby *n)
{
	char *p = n->alias, *line;

	n->aliases = calloc(count_lines(p) + 1, sizeof(*n->aliases));
	if (!n->aliases)
		return -ENOMEM;
	while ((line = strsep(&p, "\n"))) {
		const char *word = strsep(&line, " ");
		char *pattern = strsep(&line, " "), *module = strsep(&line, " ");
		size_t literal;

		if (!streq(word, "alias") || !pattern || !module || !*pattern || !*module)
			continue;
		normalize(pattern);
		literal = strcspn(pattern, "*?[\\");
		n->aliases[n->aliases_n++] = (struct nearby_alias){
			.key = literal >= KEY_SIZE ? key_of(pattern) : 0,
			.literal = (uint32_t)literal,
			.pattern = pattern,
			.module = module,
		};
	}
	return 0;
}

int nearby_read(struct nearby *n, char *dep, char *alias)
{
	int r;

	*n = (struct nearby){ .dep = dep, .alias = alias };
	r = dep ? read_modules(n) : 0;
	return r == 0 && alias ? read_aliases(n) : r;
}

void nearby_free(struct nearby *n)
{
	for (size_t i = 0; i < n->modules_n; i++)
		free(n->modules[i].name);
	free(n->modules);
	free(n->aliases);
	free(n->dep);
	free(n->alias);
	*n = (struct nearby){ 0 };
}

const struct nearby_module *nearby_by_name(const struct nearby *n, const char *name)
{
	for (size_t i = 0; i < n->modules_n; i++)
		if (cmdline_key_is(n->modules[i].name, name))
			return &n->modules[i];
	return NULL;
}

const struct nearby_module *nearby_by_path(const struct nearby *n, const char *path, size_t size)
{
	for (size_t i = 0; i < n->modules_n; i++)
		if (strncmp(n->modules[i].path, path, size) == 0 && !n->modules[i].path[size])
			return &n->modules[i];
	return NULL;
}

const struct nearby_module *nearby_next(const struct nearby *n, const char *alias, size_t *at)
{
	_cleanup_free_ char *wanted = strdup(alias);
	uint32_t key;

	if (!wanted)
		return NULL;
	normalize(wanted);
	key = strlen(wanted) >= KEY_SIZE ? key_of(wanted) : 0;
	while (*at < n->aliases_n) {
		const struct nearby_alias *a = &n->aliases[(*at)++];
		const struct nearby_module *m;

		if ((a->key && a->key != key) || strncmp(a->pattern, wanted, a->literal) != 0 ||
		    fnmatch(a->pattern, wanted, 0) != 0)
			continue;
		m = nearby_by_name(n, a->module);
		if (m)
			return m;
	}
	return NULL;
}
