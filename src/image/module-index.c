/* SPDX-License-Identifier: MIT */
/* module-index: what libkmod looks modules up in at boot, for just the modules that are in the tree. */
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/log.h"
#include "image/depmod.h"
#include "image/index.h"
#include "image/module-index.h"

#define TEXT_MAX (256 << 20)
#define REASON   "index of the modules"

struct member {
	char *name;        /* "snd_hda_intel", as modules are called once they are loaded */
	const char *line;  /* of modules.dep */
	uint32_t priority; /* its place there, of those that are in */
};

struct indexer {
	struct build *build;
	char *dependencies; /* modules.dep, cut into lines */
	struct member *members; /* by name */
	size_t n;
};

static void indexer_free(struct indexer *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->members[i].name);
	free(x->members);
	free(x->dependencies);
}

static int compare_members(const void *a, const void *b)
{
	const struct member *m = a, *n = b;

	return strcmp(m->name, n->name);
}

/* A file beside the modules. -ENOENT is for the caller to judge; other errors are logged. */
static int read_beside(const struct build *b, const char *name, char **ret, size_t *ret_size)
{
	const struct config *c = b->config;
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (asprintf(&path, "%s/%s", c->modules, name) < 0)
		return -ENOMEM;
	fd = sysroot_open_file(&c->sysroot, path, O_RDONLY);
	r = fd < 0 ? fd : file_read_fd(fd, TEXT_MAX, ret, ret_size);
	return r < 0 && r != -ENOENT ? log_errno(r, "cannot read %s of %s", path, c->sysroot.path) : r;
}

int module_index_add_file(struct build *b, const char *name, const char *bytes, size_t size)
{
	_cleanup_free_ char *at = NULL;
	int r;

	if (asprintf(&at, "lib/modules/%s/%s", b->config->kernel, name) < 0)
		return -ENOMEM;
	r = tree_add(&b->tree,
		     &(struct tree_node){ .path = at,
					  .mode = S_IFREG | 0644,
					  .flags = TREE_DATA,
					  .bytes = bytes,
					  .size = size,
					  .reason = REASON },
		     NULL);
	return r < 0 ? log_errno(r, "cannot add /%s", at) : 0;
}

static char *module_name(const char *path, size_t size)
{
	const char *slash = memrchr(path, '/', size), *name = slash ? slash + 1 : path;
	char *copy = strndup(name, strcspn(name, ".:"));

	for (char *p = copy; p && (p = strchr(p, '-'));)
		*p = '_';
	return copy;
}

/* Rows of modules.dep whose file is in the tree. */
static int find_members(struct indexer *x, const struct tree_node *top)
{
	size_t room = 0;

	for (char *p = x->dependencies, *line; (line = strsep(&p, "\n"));) {
		const char *colon = strchr(line, ':');
		_cleanup_free_ char *at = NULL;

		if (!colon)
			continue;
		if (asprintf(&at, "%s/%.*s", top->path, (int)(colon - line), line) < 0)
			return -ENOMEM;
		if (!tree_find(&x->build->tree, at))
			continue;
		if (x->n == room) {
			struct member *grown = reallocarray(x->members, room + 512, sizeof(*grown));

			if (!grown)
				return -ENOMEM;
			x->members = grown;
			room += 512;
		}
		x->members[x->n] = (struct member){ module_name(line, (size_t)(colon - line)), line,
						    (uint32_t)x->n };
		if (!x->members[x->n].name)
			return -ENOMEM;
		x->n++;
	}
	if (x->n > 0)
		qsort(x->members, x->n, sizeof(*x->members), compare_members);
	return 0;
}

static const struct member *find_member(const struct indexer *x, const char *name)
{
	struct member key = { .name = (char *)name };

	return x->n > 0 ? bsearch(&key, x->members, x->n, sizeof(key), compare_members) : NULL;
}

static int write_index(struct indexer *x, const char *name, struct index *index)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int r = index_write(index, &bytes, &size);

	return r < 0 ? log_errno(r, "cannot write %s", name) : module_index_add_file(x->build, name, bytes, size);
}

static int bad_row(const char *name, const char *key, int error)
{
	return error == -ENOMEM ? error : log_errno(error, "cannot index %s of %s", key, name);
}

static int write_dependencies(struct indexer *x)
{
	_cleanup_index_ struct index index = { 0 };

	for (size_t i = 0; i < x->n; i++) {
		const struct member *m = &x->members[i];
		int r = index_add(&index, m->name, m->line, m->priority);

		if (r < 0)
			return bad_row("modules.dep", m->name, r);
	}
	return write_index(x, "modules.dep.bin", &index);
}

/*
 * As libkmod spells what it looks for: '-' is '_', but not between brackets, where it is a range. In the text
 * aliases are as the modules have them.
 */
static void normalize(char *alias)
{
	bool range = false;

	for (; *alias; alias++) {
		range = *alias == '[' || (range && *alias != ']');
		if (*alias == '-' && !range)
			*alias = '_';
	}
}

/* "alias KEY MODULE": of modules.alias and modules.symbols. */
static int write_aliases(struct indexer *x, const char *from, const char *to)
{
	_cleanup_index_ struct index index = { 0 };
	_cleanup_free_ char *text = NULL;
	int r = read_beside(x->build, from, &text, NULL);
	char *p = text, *line;

	if (r < 0)
		return r;
	while ((line = strsep(&p, "\n"))) {
		char *key = (char *)startswith(line, "alias "), *space = key ? strrchr(key, ' ') : NULL;
		const struct member *m = space ? find_member(x, space + 1) : NULL;

		if (!m)
			continue;
		*space = '\0';
		normalize(key);
		r = index_add(&index, key, m->name, m->priority);
		if (r < 0)
			return bad_row(from, key, r);
	}
	return write_index(x, to, &index);
}

/* The lines that are about a module which is in; its name is the word of that number. */
static int write_lines(struct indexer *x, const char *name, size_t word)
{
	_cleanup_free_ char *text = NULL, *kept = NULL;
	size_t size = 0;
	int r = read_beside(x->build, name, &text, NULL);
	char *p = text, *line;

	if (r < 0)
		return r;
	kept = malloc(strlen(text) + 2);
	if (!kept)
		return -ENOMEM;
	while ((line = strsep(&p, "\n"))) {
		_cleanup_free_ char *module = NULL;
		const char *at = line;

		for (size_t i = 0; i < word; i++) {
			at += strcspn(at, " ");
			at += strspn(at, " ");
		}
		module = module_name(at, strcspn(at, " "));
		if (!module)
			return -ENOMEM;
		module[strcspn(module, " ")] = '\0';
		if (*line != '#' && find_member(x, module))
			size += (size_t)sprintf(kept + size, "%s\n", line);
	}
	return size > 0 ? module_index_add_file(x->build, name, kept, size) : 0;
}

/* What is built in is so in the image too. */
static int copy_file(struct indexer *x, const char *name)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int r = read_beside(x->build, name, &bytes, &size);

	return r < 0 ? r : module_index_add_file(x->build, name, bytes, size);
}

/* What libkmod opens at run time; the texts beside the .bin files are for readers. */
static int write_all(struct indexer *x)
{
	int r;

	if ((r = write_aliases(x, "modules.alias", "modules.alias.bin")) < 0 ||
	    (r = write_aliases(x, "modules.symbols", "modules.symbols.bin")) < 0 ||
	    (r = write_lines(x, "modules.softdep", 1)) < 0 || (r = write_lines(x, "modules.devname", 0)) < 0 ||
	    (r = copy_file(x, "modules.builtin.bin")) < 0 || (r = write_dependencies(x)) < 0)
		return r;
	/* Came with kmod 27. */
	r = copy_file(x, "modules.builtin.alias.bin");
	return r == -ENOENT ? 0 : r;
}

/* Before anything is added: depmod_add() has to begin with none of them. */
static bool has_texts(const struct build *b)
{
	static const char *const wanted[] = { "modules.dep",	 "modules.alias",   "modules.symbols",
					      "modules.softdep", "modules.devname", "modules.builtin.bin" };

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", b->config->modules, wanted[i]) < 0 ||
		    !sysroot_has(&b->config->sysroot, path))
			return false;
	}
	return true;
}

int module_index_add(struct build *b)
{
	_cleanup_(indexer_free) struct indexer x = { .build = b };
	_cleanup_free_ char *dir = NULL;
	const struct tree_node *top;
	int r;

	if (!has_texts(b))
		return depmod_add(b);
	if (asprintf(&dir, "lib/modules/%s", b->config->kernel) < 0)
		return -ENOMEM;
	top = tree_lookup(&b->tree, dir);
	r = read_beside(b, "modules.dep", &x.dependencies, NULL);
	if (r == 0)
		r = find_members(&x, top);
	return r < 0 ? r : write_all(&x);
}
