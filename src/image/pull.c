/* SPDX-License-Identifier: MIT */
/* pull: a path of the sysroot into the tree, with the symlinks that lead to it. */
#include <errno.h>

#include "base/strv.h"
#include "image/pull.h"
#include "image/walk.h"

struct puller {
	struct tree *tree;
	const struct sysroot *sysroot;
	const struct pull *pull;
};

/* The place in the tree of a path of the sysroot. */
static char *place(const struct pull *p, const char *path)
{
	char *joined;

	return asprintf(&joined, "%s%s", p->below ? p->below : "", path) < 0 ? NULL : joined;
}

static int look(void *data, const char *path, char **ret_target)
{
	struct puller *puller = data;
	const struct pull *p = puller->pull;
	_cleanup_free_ char *at = place(p, path);
	const struct tree_node *there;
	int r;

	if (!at)
		return -ENOMEM;
	there = tree_find(puller->tree, at);
	if (there && S_ISLNK(there->mode)) {
		*ret_target = strdup(there->target);
		return *ret_target && tree_want(puller->tree, there) == 0 ? 1 : -ENOMEM;
	}
	if (there)
		return 0;
	r = sysroot_look((void *)puller->sysroot, path, ret_target);
	if (r <= 0)
		return r;
	return tree_add(puller->tree,
			&(struct tree_node){ .path = at,
					     .mode = S_IFLNK | 0777,
					     .target = *ret_target,
					     .reason = p->reason,
					     .by = p->by },
			NULL);
}

static int add_found(struct puller *puller, const char *at, const char *path,
		     const struct tree_node **ret)
{
	const struct pull *p = puller->pull;
	struct tree_node model = {
		.path = at,
		.flags = p->flags,
		.reason = p->reason,
		.by = p->by,
	};
	struct stat st;
	int r;

	r = sysroot_stat(puller->sysroot, path, &st);
	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		model.mode = S_IFDIR | 0755;
	else if (S_ISREG(st.st_mode)) {
		model.mode = S_IFREG;
		model.source_root = puller->sysroot->fd;
		model.source = path;
	} else
		return -EINVAL;
	return tree_add(puller->tree, &model, ret);
}

int pull(struct tree *t, const struct sysroot *s, const struct pull *p,
	 const struct tree_node **ret)
{
	struct puller puller = { .tree = t, .sysroot = s, .pull = p };
	_cleanup_free_ char *path = NULL, *at = NULL;
	const struct tree_node *there;
	int r;

	r = walk(p->path, look, &puller, &path);
	if (r < 0)
		return r;
	at = place(p, path);
	if (!at)
		return -ENOMEM;
	there = tree_find(t, at);
	r = there ? tree_want(t, there) : add_found(&puller, at, path, &there);
	if (r < 0)
		return r;
	if (ret)
		*ret = there;
	return 0;
}

int pull_directory(struct tree *t, const struct sysroot *s, const struct pull *dir,
		   const char *suffix)
{
	_cleanup_strv_ char **names = NULL;
	int r = sysroot_list(s, dir->path, suffix, &names);

	STRV_FOREACH(name, names) {
		_cleanup_free_ char *path = NULL;
		struct pull p = *dir;

		if (r < 0)
			break;
		if (asprintf(&path, "%s/%s", dir->path, *name) < 0)
			return -ENOMEM;
		p.path = path;
		r = pull(t, s, &p, NULL);
	}
	return r;
}
