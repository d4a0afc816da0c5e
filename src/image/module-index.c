/* SPDX-License-Identifier: MIT */
/* module-index: what libkmod looks modules up in at boot, for just the modules that are in the tree. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/depmod.h"
#include "image/index.h"
#include "image/module-file.h"
#include "image/module-index.h"

#define TEXT_MAX (256 << 20)
#define REASON   "index of the modules"

struct member {
	char *name;        /* "snd_hda_intel", as modules are called once they are loaded */
	const char *line;  /* of modules.dep */
	char *own;         /* the same, where it must name files as the image has them */
	uint32_t priority; /* its place there, of those that are in */
	const struct near_module *near; /* NULL: it is not */
};

struct indexer {
	struct build *build;
	const char *top; /* the modules' directory in the tree */
	const struct near *near;
	char *dependencies; /* modules.dep, cut into lines */
	struct member *members; /* by name */
	size_t n;
};

static void indexer_free(struct indexer *x)
{
	for (size_t i = 0; i < x->n; i++) {
		free(x->members[i].name);
		free(x->members[i].own);
	}
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

static char *name_of(const char *path, size_t size)
{
	const char *slash = memrchr(path, '/', size), *name = slash ? slash + 1 : path;
	char *copy = strndup(name, strcspn(name, ".:"));

	for (char *p = copy; p && (p = strchr(p, '-'));)
		*p = '_';
	return copy;
}

/* The node of a file below `top`, by its first `n` bytes. */
static const struct tree_node *find_file(const struct indexer *x, const char *relative, size_t n)
{
	char path[PATH_MAX];
	int size = snprintf(path, sizeof(path), "%s/%.*s", x->top, (int)n, relative);

	return size > 0 && (size_t)size < sizeof(path) ? tree_find(&x->build->tree, path) : NULL;
}

/* Of a row's files those that were decompressed are called so. `*ret` stays NULL where it is right as it is. */
static int correct_row(const struct indexer *x, const char *line, char **ret)
{
	_cleanup_strv_ char **words = NULL;
	_cleanup_free_ char *text = NULL;
	size_t size, changed = 0;
	int r = strv_split(&words, line, " ");
	FILE *f = r == 0 ? open_memstream(&text, &size) : NULL;

	if (!f)
		return -ENOMEM;
	STRV_FOREACH(word, words) {
		size_t n = strlen(*word), colon = n > 0 && (*word)[n - 1] == ':', plain;

		(*word)[n - colon] = '\0';
		plain = module_file_plain(*word);
		if (plain < n - colon && find_file(x, *word, plain)) {
			(*word)[plain] = '\0';
			changed++;
		}
		(void)fprintf(f, "%s%s%s", word > words ? " " : "", *word, colon ? ":" : "");
	}
	if (fclose(f) != 0)
		return -ENOMEM;
	if (changed > 0)
		*ret = TAKE_PTR(text);
	return 0;
}

static int push_member(struct indexer *x, size_t *room, const char *line, size_t colon)
{
	struct member *m;

	if (x->n == *room) {
		struct member *grown = reallocarray(x->members, *room + 512, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		x->members = grown;
		*room += 512;
	}
	m = &x->members[x->n];
	*m = (struct member){ .name = name_of(line, colon), .line = line, .priority = (uint32_t)x->n };
	if (!m->name)
		return -ENOMEM;
	x->n++;
	m->near = near_find(x->near, m->name);
	/* Only what is near may be decompressed, or depend on what is. */
	return line[colon - 1] != 'o' ? correct_row(x, line, &m->own) : 0;
}

/* Rows of modules.dep whose file is in the tree. */
static int find_members(struct indexer *x)
{
	size_t room = 0;

	for (char *p = x->dependencies, *line; (line = strsep(&p, "\n"));) {
		char *colon = strchr(line, ':');
		size_t n, plain;
		int r;

		if (!colon)
			continue;
		*colon = '\0';
		n = (size_t)(colon - line);
		plain = module_file_plain(line);
		*colon = ':';
		if (!find_file(x, line, n) && (plain == n || !find_file(x, line, plain)))
			continue;
		r = push_member(x, &room, line, n);
		if (r < 0)
			return r;
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
		int r = index_add(&index, m->name, m->own ?: m->line, m->priority);

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

static int _printf_(2, 3) add_line(struct buffer *b, const char *fmt, ...)
{
	_cleanup_free_ char *line = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&line, fmt, args);
	va_end(args);
	return n < 0 ? -ENOMEM : buffer_append(b, line, (size_t)n);
}

/* What modprobe.d has for an alias counts in place of what modules say: that waits for libkmod. */
static bool is_overruled(const struct indexer *x, const char *key)
{
	for (char *const *pair = x->near->aliases; pair && pair[0]; pair += 2)
		if (streq(pair[0], key))
			return true;
	return false;
}

/* "alias KEY MODULE": of modules.alias and modules.symbols; onto `near`, if not NULL, the lines of what is near. */
static int write_aliases(struct indexer *x, const char *from, const char *to, struct buffer *near)
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
		if (near && m->near && !is_overruled(x, key))
			r = add_line(near, "alias %s %s\n", key, m->name);
		normalize(key);
		if (r == 0)
			r = index_add(&index, key, m->name, m->priority);
		if (r < 0)
			return bad_row(from, key, r);
	}
	return write_index(x, to, &index);
}

/* depmod's texts, of what is near: in front. */
static int write_near(struct indexer *x, struct buffer *aliases)
{
	_cleanup_buffer_ struct buffer rows = { 0 };
	int r = 0;

	for (char *const *pair = x->near->aliases; r == 0 && pair && pair[0]; pair += 2)
		if (near_find(x->near, pair[1]))
			r = add_line(aliases, "alias %s %s\n", pair[0], pair[1]);
	for (size_t i = 0; r == 0 && i < x->near->n; i++)
		r = add_line(&rows, "%s\n", x->near->items[i].row);
	if (r < 0 || x->near->n == 0)
		return r;
	build_into(x->build, SEGMENT_MAIN);
	r = module_index_add_file(x->build, "modules.dep", rows.data, rows.size);
	if (r == 0)
		r = module_index_add_file(x->build, "modules.alias", aliases->data ?: "", aliases->size);
	build_into(x->build, SEGMENT_RESERVE);
	return r;
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
		module = name_of(at, strcspn(at, " "));
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
	_cleanup_buffer_ struct buffer near = { 0 };
	int r;

	if ((r = write_aliases(x, "modules.alias", "modules.alias.bin", &near)) < 0 || (r = write_near(x, &near)) < 0 ||
	    (r = write_aliases(x, "modules.symbols", "modules.symbols.bin", NULL)) < 0 ||
	    (r = write_lines(x, "modules.softdep", 1)) < 0 || (r = write_lines(x, "modules.devname", 0)) < 0 ||
	    (r = copy_file(x, "modules.builtin.bin")) < 0 || (r = write_dependencies(x)) < 0)
		return r;
	/* Came with kmod 27. */
	r = copy_file(x, "modules.builtin.alias.bin");
	return r == -ENOENT ? 0 : r;
}

bool module_index_is_there(const struct build *b)
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

int module_index_add(struct build *b, const struct near *near)
{
	_cleanup_(indexer_free) struct indexer x = { .build = b, .near = near };
	_cleanup_free_ char *dir = NULL;
	int r;

	/* Before anything is added: depmod_add() has to begin with none of them. */
	if (!module_index_is_there(b))
		return depmod_add(b);
	if (asprintf(&dir, "lib/modules/%s", b->config->kernel) < 0)
		return -ENOMEM;
	x.top = tree_lookup(&b->tree, dir)->path;
	r = read_beside(b, "modules.dep", &x.dependencies, NULL);
	if (r == 0)
		r = find_members(&x);
	return r < 0 ? r : write_all(&x);
}
