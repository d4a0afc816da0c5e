/* SPDX-License-Identifier: MIT */
/*
 * crypttab: the encrypted devices that are opened before the root is there, in the image's /etc/crypttab.
 *
 * Three ways to say so are at home in distributions: a file of its own, /etc/crypttab.initramfs, all of which is
 * meant; and in /etc/crypttab the options x-initrd.attach and initramfs. Where a name stands in both, the former
 * holds.
 */
#include <errno.h>

#include "base/crypttab.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/build.h"

struct selection {
	struct build *build;
	FILE *out;
	char **names; /* strv: what is in `out` */
};

/* A secret goes into an image only where the user says so. */
static void tell_of_file(const struct build *b, const struct crypttab_row *row, const char *what, const char *path)
{
	if (!path || *path != '/' || startswith(path, "/dev/") || !sysroot_has(&b->config->sysroot, path))
		return;
	if (tree_lookup(&b->tree, path + strspn(path, "/")))
		return;
	log_warning("the %s %s of %s is not taken in: \"files += %s\" in slipway.conf puts it into the image, where "
		    "whoever can read that can read it too, ignoring",
		    what, path, row->name, path);
}

static int select_row(struct selection *s, const struct crypttab_row *row, const char *line)
{
	const struct build *b = s->build;
	int r;

	if (strv_contains(s->names, row->name))
		return 0;
	r = strv_push(&s->names, row->name);
	if (r < 0)
		return r;
	(void)fprintf(s->out, "%.*s\n", (int)strcspn(line, "\n"), line);
	if (!row->key_device)
		tell_of_file(b, row, "key", row->key);
	tell_of_file(b, row, "header", crypttab_option(row, "header"));
	return 0;
}

static const char *line_of(const char *text, unsigned int number)
{
	while (--number > 0)
		text = strchr(text, '\n') + 1;
	return text;
}

/* `all`: not only the rows that say so. */
static int select_from(struct selection *s, const char *path, bool all)
{
	const struct sysroot *sysroot = &s->build->config->sysroot;
	_cleanup_crypttab_ struct crypttab table = { 0 };
	_cleanup_free_ char *text = NULL;
	int r = sysroot_read(sysroot, path, &text);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return log_errno(r, "cannot read %s of %s", path, sysroot->path);
	r = crypttab_parse(text, &table);
	if (table.damaged)
		log_warning("line %u of %s in %s names no device, ignoring", table.damaged, path, sysroot->path);
	for (size_t i = 0; r == 0 && i < table.n; i++)
		if (all || crypttab_is_early(&table.rows[i]))
			r = select_row(s, &table.rows[i], line_of(text, table.rows[i].line));
	return r;
}

static int add_text(struct build *b, const char *text, size_t size)
{
	int r = tree_add(&b->tree,
			 &(struct tree_node){ .path = "etc/crypttab",
					      .mode = S_IFREG | 0600,
					      .flags = TREE_DATA,
					      .bytes = text,
					      .size = size,
					      .reason = "devices to be opened before the root is there" },
			 NULL);

	return r < 0 ? log_errno(r, "cannot add /etc/crypttab") : 0;
}

static void selection_close(struct selection *s)
{
	if (s->out)
		(void)fclose(s->out);
	strv_free(s->names);
}

int crypttab_add(struct build *b)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_(selection_close) struct selection s = { .build = b };
	size_t size;
	int r;

	/* Whoever installs one there has the last word. */
	if (tree_lookup(&b->tree, "etc/crypttab"))
		return 0;
	s.out = open_memstream(&text, &size);
	if (!s.out)
		return -ENOMEM;
	r = select_from(&s, "/etc/crypttab.initramfs", true);
	if (r == 0)
		r = select_from(&s, "/etc/crypttab", false);
	if (r < 0 || !s.names)
		return r;
	if (fflush(s.out) != 0)
		return -ENOMEM;
	return add_text(b, text, size);
}
