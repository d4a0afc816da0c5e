/* SPDX-License-Identifier: MIT */
/* modset: the modules that a kernel's directory holds, asked as libkmod would ask: by depmod's indexes alone. */
#include <errno.h>
#include <fcntl.h>

#include "base/strv.h"
#include "image/modset.h"

static const char *const file_names[MODSET_FILES] = {
	[MODSET_DEP] = "modules.dep.bin",
	[MODSET_ALIAS] = "modules.alias.bin",
	[MODSET_BUILTIN] = "modules.builtin.bin",
	[MODSET_BUILTIN_ALIAS] = "modules.builtin.alias.bin",
};

static int open_content(const struct modset *m, const char *name, struct content *ret)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;

	if (asprintf(&path, "%s/%s", m->dir, name) < 0)
		return -ENOMEM;
	if (m->tree) {
		const struct tree_node *n = tree_lookup(m->tree, path);

		return n && S_ISREG(n->mode) ? content_open(n, ret) : -ENOENT;
	}
	fd = sysroot_open_file(m->sysroot, path, O_RDONLY);
	return fd < 0 ? fd : content_open_fd(fd, ret);
}

static bool has_file(const struct modset *m, const char *relative)
{
	_cleanup_free_ char *path = NULL;
	const struct tree_node *n;

	if (asprintf(&path, "%s%s%s", *relative == '/' ? "" : m->dir, *relative == '/' ? "" : "/", relative) < 0)
		return false;
	if (!m->tree)
		return sysroot_has(m->sysroot, path);
	n = tree_find(m->tree, path) ?: tree_lookup(m->tree, path);
	return n && S_ISREG(n->mode);
}

static int modset_open(struct modset *m, const char *dir, struct modset *ret, const char **ret_which)
{
	*ret_which = file_names[MODSET_DEP];
	m->dir = strdup(dir);
	if (!m->dir)
		return -ENOMEM;
	for (enum modset_file i = 0; i < MODSET_FILES; i++) {
		int r = open_content(m, file_names[i], &m->files[i]);

		if (r == -ENOENT && i != MODSET_DEP)
			continue;
		*ret_which = file_names[i];
		if (r == 0)
			r = modindex_open(m->files[i].data, m->files[i].size, &m->index[i]);
		if (r < 0)
			return r;
		m->has[i] = true;
	}
	*ret = *m;
	*m = (struct modset){ 0 };
	return 0;
}

int modset_open_tree(const struct tree *t, const char *dir, struct modset *ret, const char **ret_which)
{
	_cleanup_modset_ struct modset m = { .tree = t };

	return modset_open(&m, dir, ret, ret_which);
}

int modset_open_sysroot(const struct sysroot *s, const char *dir, struct modset *ret, const char **ret_which)
{
	_cleanup_modset_ struct modset m = { .sysroot = s };

	return modset_open(&m, dir, ret, ret_which);
}

void modset_close(struct modset *m)
{
	for (size_t i = 0; i < MODSET_FILES; i++)
		content_close(&m->files[i]);
	free(m->dir);
	*m = (struct modset){ 0 };
}

/* As kmod's alias_normalize(): '-' is '_' but between brackets. The caller frees it. */
static char *normal(const char *name)
{
	char *copy = strdup(name);
	bool bracket = false;

	for (char *p = copy; p && *p; p++) {
		bracket = *p == '[' || (bracket && *p != ']');
		if (*p == '-' && !bracket)
			*p = '_';
	}
	return copy;
}

static int keep_value(const char *key, const char *value, void *data)
{
	char **ret = data;

	*ret = strdup(value);
	return *ret ? 1 : -ENOMEM;
}

int modset_row(const struct modset *m, const char *name, char **ret)
{
	_cleanup_free_ char *key = normal(name), *row = NULL;
	int r = key ? modindex_find(&m->index[MODSET_DEP], key, keep_value, &row) : -ENOMEM;

	if (r < 0)
		return r;
	if (!row)
		return -ENOENT;
	*ret = TAKE_PTR(row);
	return 0;
}

static int found(const char *key, const char *value, void *data)
{
	return 1;
}

bool modset_is_builtin(const struct modset *m, const char *name)
{
	_cleanup_free_ char *key = normal(name);

	return key && m->has[MODSET_BUILTIN] && modindex_find(&m->index[MODSET_BUILTIN], key, found, NULL) == 1;
}

bool modset_has(const struct modset *m, const char *name, char **ret_missing)
{
	_cleanup_free_ char *row = NULL;
	_cleanup_strv_ char **files = NULL;

	if (ret_missing)
		*ret_missing = NULL;
	if (modset_row(m, name, &row) < 0 || strv_split(&files, row, ": ") < 0)
		return false;
	STRV_FOREACH(file, files) {
		if (has_file(m, *file))
			continue;
		if (ret_missing)
			*ret_missing = strdup(*file);
		return false;
	}
	return true;
}

/* Names in aliases are as the modules spell themselves; everywhere else it is '_'. */
static int add_name(const char *key, const char *value, void *data)
{
	_cleanup_free_ char *name = normal(value);
	char ***ret = data;

	if (!name)
		return -ENOMEM;
	return strv_contains(*ret, name) ? 0 : strv_push(ret, name);
}

int modset_resolve(const struct modset *m, const char *alias, char ***ret)
{
	_cleanup_free_ char *name = normal(alias), *row = NULL;
	int r;

	if (!name)
		return -ENOMEM;
	r = modset_row(m, name, &row);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 || modset_is_builtin(m, name))
		return add_name(NULL, name, ret);
	r = 0;
	for (enum modset_file i = 0; r == 0 && i < MODSET_FILES; i++)
		if (m->has[i] && (i == MODSET_ALIAS || i == MODSET_BUILTIN_ALIAS))
			r = modindex_match(&m->index[i], name, add_name, ret);
	return r;
}

int modset_each(const struct modset *m, modindex_fn fn, void *data)
{
	return modindex_each(&m->index[MODSET_DEP], fn, data);
}
