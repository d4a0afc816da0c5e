/* SPDX-License-Identifier: MIT */
/* mountinfo: the mount table, read. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/mountinfo.h"

void mountinfo_unescape(char *s)
{
	char *to = s;

	for (; *s; to++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' &&
		    s[3] <= '7') {
			*to = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 4;
		} else
			*to = *s++;
	}
	*to = '\0';
}

static int take_field(char **p, char **ret)
{
	char *field = strsep(p, " ");

	if (!field || !*field)
		return -EINVAL;
	mountinfo_unescape(field);
	*ret = strdup(field);
	return *ret ? 0 : -ENOMEM;
}

static void entry_free(struct mount_entry *e)
{
	free(e->root);
	free(e->target);
	free(e->options);
	free(e->fstype);
	free(e->source);
	free(e->super);
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static int parse_line(char *line, struct mount_entry *e)
{
	unsigned int major, minor;
	int used = 0, r;
	char *p, *word;

	if (sscanf(line, "%d %d %u:%u %n", &e->id, &e->parent, &major, &minor, &used) < 4 || used == 0)
		return -EINVAL;
	e->dev = makedev(major, minor);
	p = line + used;
	if ((r = take_field(&p, &e->root)) < 0 || (r = take_field(&p, &e->target)) < 0 ||
	    (r = take_field(&p, &e->options)) < 0)
		return r;
	do {
		word = strsep(&p, " ");
		if (!word)
			return -EINVAL;
	} while (!streq(word, "-"));
	if ((r = take_field(&p, &e->fstype)) < 0)
		return r;
	/* A source may be empty: mount("", …). */
	word = strsep(&p, " ");
	if (!word || !p)
		return -EINVAL;
	mountinfo_unescape(word);
	mountinfo_unescape(p);
	e->source = strdup(word);
	e->super = strdup(p);
	return e->source && e->super ? 0 : -ENOMEM;
}

int mountinfo_parse(const char *text, struct mountinfo *ret)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };
	_cleanup_free_ char *copy = strdup(text);
	char *p = copy, *line;

	if (!copy)
		return -ENOMEM;
	while ((line = strsep(&p, "\n"))) {
		struct mount_entry e = { 0 }, *grown;
		int r;

		if (!*line)
			continue;
		r = parse_line(line, &e);
		if (r == -EINVAL) {
			entry_free(&e);
			m.dropped++;
			continue;
		}
		grown = r < 0 ? NULL : realloc(m.items, (m.n + 1) * sizeof(e));
		if (!grown) {
			entry_free(&e);
			return -ENOMEM;
		}
		m.items = grown;
		m.items[m.n++] = e;
	}
	*ret = m;
	m = (struct mountinfo){ 0 };
	return 0;
}

int mountinfo_read(const char *procdir, struct mountinfo *ret)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	int r;

	if (asprintf(&path, "%s/self/mountinfo", procdir) < 0)
		return -ENOMEM;
	r = file_read(AT_FDCWD, path, 64 << 20, &text, NULL);
	return r < 0 ? r : mountinfo_parse(text, ret);
}

void mountinfo_free(struct mountinfo *m)
{
	for (size_t i = 0; i < m->n; i++)
		entry_free(&m->items[i]);
	free(m->items);
	*m = (struct mountinfo){ 0 };
}

/* What is mounted on the root of `e`, or NULL. The root of all is listed as its own parent. */
static const struct mount_entry *find_upper(const struct mountinfo *m, const struct mount_entry *e)
{
	for (size_t i = m->n; i-- > 0;)
		if (&m->items[i] != e && m->items[i].parent == e->id && streq(m->items[i].target, e->target))
			return &m->items[i];
	return NULL;
}

/* The order of lines is that of making: a mount that was moved onto a later one is listed before it. */
const struct mount_entry *mountinfo_find_target(const struct mountinfo *m, const char *target)
{
	const struct mount_entry *found = NULL, *upper;

	for (size_t i = m->n; i-- > 0 && !found;)
		if (streq(m->items[i].target, target))
			found = &m->items[i];
	/* Counted, so that parents in a ring cannot make it endless. */
	for (size_t i = 0; found && i < m->n && (upper = find_upper(m, found)); i++)
		found = upper;
	return found;
}

bool mount_has_option(const char *options, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = options; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, word, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	}
	return false;
}
