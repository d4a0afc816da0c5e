/* SPDX-License-Identifier: MIT */
/* module-file: a module's file in the tree. */
#include <errno.h>

#include "base/log.h"
#include "image/content.h"
#include "image/decompress.h"
#include "image/module-file.h"

#define MODULE_MAX ((size_t)256 << 20)

size_t module_file_plain(const char *path)
{
	static const char *const suffixes[] = { ".xz", ".zst", ".gz" };
	size_t n = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (endswith(path, suffixes[i]))
			return n - strlen(suffixes[i]);
	return n;
}

static char *path_in_tree(const struct build *b, const char *relative, bool plain)
{
	size_t n = plain ? module_file_plain(relative) : strlen(relative);
	char *path;

	return asprintf(&path, "lib/modules/%s/%.*s", b->config->kernel, (int)n, relative) < 0 ? NULL : path;
}

const struct tree_node *module_file_find(const struct build *b, const char *relative)
{
	_cleanup_free_ char *as_is = path_in_tree(b, relative, false), *plain = path_in_tree(b, relative, true);
	const struct tree_node *n = as_is ? tree_lookup(&b->tree, as_is) : NULL;

	return n ?: plain ? tree_lookup(&b->tree, plain) : NULL;
}

static int add_plain(struct modules *m, struct tree_node *n, const struct tree_node **ret)
{
	_cleanup_content_ struct content content = { 0 };
	struct decompressed d = { 0 };
	_cleanup_free_ char *bytes = NULL;
	_cleanup_close_ int fd = tree_node_open(n);
	int r = fd < 0 ? fd : content_open_fd(fd, &content);

	if (r == 0)
		r = decompress(content.data, content.size, MODULE_MAX, &d);
	bytes = d.data;
	if (r < 0)
		return r;
	n->source = NULL;
	n->bytes = d.data;
	n->size = d.size;
	return tree_add(&m->build->tree, n, ret);
}

int module_file_add(struct modules *m, const char *relative, const struct tree_node *model,
		    const struct tree_node **ret)
{
	const struct config *config = m->build->config;
	_cleanup_free_ char *source = NULL, *at = path_in_tree(m->build, relative, m->near);
	struct tree_node n = *model;
	int r;

	if (!at || asprintf(&source, "%s/%s", config->modules, relative) < 0)
		return -ENOMEM;
	n.path = at;
	n.mode = S_IFREG | 0644;
	n.flags = TREE_DATA;
	n.source_root = config->sysroot.fd;
	n.source = source;
	if (m->near && module_file_plain(relative) < strlen(relative))
		r = add_plain(m, &n, ret);
	else
		r = tree_add(&m->build->tree, &n, ret);
	return r < 0 ? log_errno(r, "cannot take in module %s/%s", m->dir, relative) : 0;
}
