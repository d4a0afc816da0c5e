/* SPDX-License-Identifier: MIT */
/* proof-listed: what /init is to load before all else is there; and who loads the rest. */
#include <errno.h>

#include "base/dropin.h"
#include "base/strv.h"
#include "image/proof.h"

/* Told of a name that a list has, and of the list. 0, or -errno, which ends it. */
typedef int (*listed_fn)(void *data, const char *name, const char *file);

static int each_of(const struct proof *p, const char *file, listed_fn fn, void *data)
{
	_cleanup_free_ char *text = NULL;
	int r = proof_text(p, file, &text);
	char *rest = text, *line;

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	dropin_blank_comments(text);
	while (r == 0 && (line = strsep(&rest, "\n"))) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t\r")] = '\0';
		if (*line)
			r = fn(data, line, file);
	}
	return r;
}

/* modules-load.d(5); and initramfs-tools' own list. */
static int each_listed(const struct proof *p, listed_fn fn, void *data)
{
	_cleanup_strv_ char **files = NULL;
	int r = proof_list(p, "etc/modules-load.d", ".conf", &files);

	if (r == 0)
		r = proof_list(p, "usr/lib/modules-load.d", ".conf", &files);
	if (r == 0)
		r = strv_push(&files, "conf/modules");
	STRV_FOREACH(file, files)
		if (r == 0)
			r = each_of(p, *file, fn, data);
	return r;
}

struct count {
	struct proof *proof;
	size_t n;
};

static int check_name(void *data, const char *name, const char *file)
{
	struct count *c = data;
	_cleanup_strv_ char **found = NULL;
	int r = modset_resolve(&c->proof->have, name, &found);

	c->n++;
	if (r < 0)
		return r == -EBADMSG ? 0 : r; /* prove_modules() has said so */
	return found ? 0
		     : doubt(c->proof,
			     "cannot load %s, which /%s lists: no such module is in the image or in its kernel", name,
			     file);
}

int prove_load_list(struct proof *p)
{
	struct count c = { .proof = p };
	size_t before = proof_failures(p);
	int r;

	if (!p->indexed)
		return skipped(p, "there are no modules");
	r = each_listed(p, check_name, &c);
	if (r < 0 || proof_failures(p) > before)
		return r;
	return proved(p, "%zu listed modules are there", c.n);
}

struct loaded {
	const struct modset *have;
	char **rows;  /* strv: of what is near, see near.h */
	char **files; /* strv: of what is loaded first */
};

static void loaded_free(struct loaded *l)
{
	strv_free(l->rows);
	strv_free(l->files);
}

/* "kernel/drivers/block/virtio_blk.ko: …" is of virtio_blk; names in lists are as modules are called once loaded. */
static bool is_row_of(const char *row, const char *name)
{
	size_t end = strcspn(row, ":"), n = strlen(name);
	const char *slash = memrchr(row, '/', end);

	slash = slash ? slash + 1 : row;
	if ((size_t)(row + end - slash) < n || slash[n] != '.')
		return false;
	for (size_t i = 0; i < n; i++)
		if (slash[i] != name[i] && !(slash[i] == '-' && name[i] == '_'))
			return false;
	return true;
}

static int note_row(struct loaded *l, const char *name)
{
	STRV_FOREACH(row, l->rows)
		if (is_row_of(*row, name))
			return strv_split(&l->files, *row, ": ");
	return 0;
}

/* A name or an alias. */
static int note_files(void *data, const char *listed, const char *file)
{
	struct loaded *l = data;
	_cleanup_strv_ char **names = NULL;
	int r = modset_resolve(l->have, listed, &names);

	STRV_FOREACH(name, names)
		if (r == 0)
			r = note_row(l, *name);
	return r == -EBADMSG ? 0 : r; /* prove_modules() has said so */
}

static int read_loaded(const struct proof *p, struct loaded *l)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	int r;

	if (asprintf(&path, "%s/modules.dep", p->dir) < 0)
		return -ENOMEM;
	r = proof_text(p, path, &text);
	if (r == 0)
		r = strv_split(&l->rows, text, "\n");
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return each_listed(p, note_files, l);
}

/* Is there one that /init does not load before all else? */
static bool is_one_left(const struct proof *p, const struct loaded *l)
{
	size_t n = strlen(p->dir);

	TREE_FOREACH(node, p->subject->tree)
		if (strncmp(node->path, p->dir, n) == 0 && node->path[n] == '/' && S_ISREG(node->mode) &&
		    strstr(node->path + n, ".ko") && !strv_contains(l->files, node->path + n + 1))
			return true;
	return false;
}

/* The kernel runs it itself: for file systems, code pages, ciphers. */
int prove_modprobe(struct proof *p)
{
	_cleanup_(loaded_free) struct loaded l = { .have = &p->have };
	int r;

	if (!p->dir)
		return skipped(p, "there are no modules");
	if (proof_program(p, "sbin/modprobe"))
		return proved(p, "the kernel finds /sbin/modprobe");
	if (!p->subject->ours)
		return skipped(p, "this generator's image has none");
	r = read_loaded(p, &l);
	if (r < 0)
		return r;
	if (!is_one_left(p, &l))
		return proved(p, "/init loads all modules before the kernel asks for any");
	return doubt(p, "cannot load what the kernel asks for: /sbin/modprobe of the image is %s",
		     tree_lookup(p->subject->tree, "sbin/modprobe") ? "not executable" : "missing");
}
