/* SPDX-License-Identifier: MIT */
/* tree: what will lie in the image, path by path. */
#include <errno.h>
#include <fcntl.h>
#include <search.h>

#include "image/sysroot.h"
#include "image/tree.h"
#include "image/walk.h"

static int compare(const void *a, const void *b)
{
	const struct tree_node *m = a, *n = b;

	return strcmp(m->path, n->path);
}

struct tree_node *tree_find(const struct tree *t, const char *path)
{
	struct tree_node key = { .path = path }, **found = tfind(&key, &t->index, compare);

	return found ? *found : NULL;
}

struct place {
	const struct tree *tree;
	const char *below;
};

static struct tree_node *find_below(const struct place *p, const char *path)
{
	_cleanup_free_ char *joined = NULL;

	if (!*p->below)
		return tree_find(p->tree, path);
	return asprintf(&joined, "%s%s", p->below, path) < 0 ? NULL : tree_find(p->tree, joined);
}

/* walk_look: what is not in the tree is no symlink. */
static int look(void *data, const char *path, char **ret_target)
{
	const struct tree_node *n = find_below(data, path);

	if (!n || !S_ISLNK(n->mode))
		return 0;
	*ret_target = strdup(n->target);
	return *ret_target ? 1 : -ENOMEM;
}

struct tree_node *tree_lookup_below(const struct tree *t, const char *below, const char *path)
{
	struct place p = { .tree = t, .below = below };
	_cleanup_free_ char *canonical = NULL;

	return walk(path, look, &p, &canonical) < 0 ? NULL : find_below(&p, canonical);
}

struct tree_node *tree_lookup(const struct tree *t, const char *path)
{
	return tree_lookup_below(t, "", path);
}

/* Follows the symlinks of all but the last component. */
static int resolve_parent(const struct tree *t, const char *path, char **ret)
{
	const char *name = strrchr(path, '/');
	_cleanup_free_ char *above = NULL, *parent = NULL;
	int r;

	name = name ? name + 1 : path;
	if (!*name || streq(name, ".") || streq(name, ".."))
		return -EINVAL;
	above = strndup(path, (size_t)(name - path));
	if (!above)
		return -ENOMEM;
	r = walk(above, look, &(struct place){ .tree = t, .below = "" }, &parent);
	if (r < 0)
		return r;
	if (asprintf(ret, "%s%s%s", parent, *parent ? "/" : "", name) < 0)
		return -ENOMEM;
	return 0;
}

static void node_free(struct tree_node *n)
{
	free((void *)n->path);
	free((void *)n->source);
	if (!(n->flags & TREE_BORROWED))
		free((void *)n->bytes);
	free((void *)n->target);
	free((void *)n->reason);
	free(n);
}

static void node_free_pointer(struct tree_node **n)
{
	if (*n)
		node_free(*n);
}

static int copy_string(const char *s, const char **ret)
{
	char *copy = s ? strdup(s) : NULL;

	if (s && !copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

int tree_node_open(const struct tree_node *n)
{
	struct sysroot root = { .fd = n->source_root };
	int fd;

	if (n->source_root >= 0)
		return sysroot_open_file(&root, n->source, O_RDONLY);
	fd = openat(n->source_root, n->source, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

/* Opened, not only looked at: a file that cannot be read is an error now, not in the middle of
 * writing. */
static int stat_source(struct tree_node *n)
{
	_cleanup_close_ int fd = tree_node_open(n);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	n->size = (uint64_t)st.st_size;
	/*
	 * The mode of a source is the file's own, less what only its owner on disk gave it:
	 * everything in the image belongs to root, and 0755 is the same for a checkout of any
	 * umask.
	 */
	if (!(n->mode & 07777))
		n->mode |= st.st_mode & 0755;
	return 0;
}

static int node_new(const struct tree *t, const struct tree_node *model, struct tree_node **ret)
{
	_cleanup_(node_free_pointer) struct tree_node *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	n->mode = model->mode;
	n->flags = model->flags;
	n->segment = model->segment ?: t->adding;
	n->source_root = model->source_root;
	n->rdev = model->rdev;
	n->by = model->by;
	if ((r = copy_string(model->path, &n->path)) < 0 ||
	    (r = copy_string(model->source, &n->source)) < 0 ||
	    (r = copy_string(model->target, &n->target)) < 0 ||
	    (r = copy_string(model->reason, &n->reason)) < 0)
		return r;
	if (n->source) {
		r = stat_source(n);
		if (r < 0)
			return r;
	} else if (S_ISREG(n->mode) && n->flags & TREE_BORROWED) {
		n->bytes = model->bytes;
		n->size = model->size;
	} else if (S_ISREG(n->mode)) {
		char *bytes = malloc(model->size + 1);

		if (!bytes)
			return -ENOMEM;
		if (model->size > 0)
			memcpy(bytes, model->bytes, model->size);
		n->bytes = bytes;
		n->size = model->size;
	}
	*ret = TAKE_PTR(n);
	return 0;
}

static int link_node(struct tree *t, struct tree_node **n)
{
	struct tree_node *node = *n;

	if (!tsearch(node, &t->index, compare))
		return -ENOMEM;
	if (t->last)
		t->last->next = node;
	else
		t->first = node;
	t->last = node;
	t->n++;
	*n = NULL;
	return 0;
}

static int add_missing_parents(struct tree *t, const struct tree_node *child)
{
	_cleanup_free_ char *path = strdup(child->path);

	if (!path)
		return -ENOMEM;
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		_cleanup_(node_free_pointer) struct tree_node *dir = NULL;
		struct tree_node *there;
		int r;

		*slash = '\0';
		there = tree_find(t, path);
		if (there && !S_ISDIR(there->mode))
			return -ENOTDIR;
		if (!there) {
			r = node_new(t, &(struct tree_node){ .path = path,
							  .mode = S_IFDIR | 0755,
							  .segment = child->segment,
							  .reason = child->reason,
							  .by = child->by },
				     &dir);
			there = dir;
			if (r < 0 || (r = link_node(t, &dir)) < 0)
				return r;
			there->segment = child->segment;
		}
		there->segment = MAX(there->segment, child->segment);
		*slash = '/';
	}
	return 0;
}

static int raise_segment(struct tree *t, struct tree_node *n, enum tree_segment segment)
{
	if (n->segment >= segment)
		return 0;
	n->segment = segment;
	return add_missing_parents(t, n);
}

int tree_want(struct tree *t, const struct tree_node *n)
{
	return raise_segment(t, (struct tree_node *)n, t->adding);
}

/* Does `n` say the same as what is there? The reasons may differ: the first one stays. */
static bool same(const struct tree_node *there, const struct tree_node *n)
{
	if ((there->mode & S_IFMT) != (n->mode & S_IFMT))
		return false;
	if (S_ISDIR(n->mode))
		return true;
	if (there->mode != n->mode || there->rdev != n->rdev || there->size != n->size ||
	    !streq_null(there->target, n->target) || !streq_null(there->source, n->source))
		return false;
	if (n->source)
		return there->source_root == n->source_root;
	return n->size == 0 || memcmp(there->bytes, n->bytes, n->size) == 0;
}

int tree_add(struct tree *t, const struct tree_node *model, const struct tree_node **ret)
{
	_cleanup_(node_free_pointer) struct tree_node *n = NULL;
	_cleanup_free_ char *path = NULL;
	struct tree_node *there, wanted = *model;
	int r;

	r = resolve_parent(t, model->path, &path);
	if (r < 0)
		return r;
	wanted.path = path;
	r = node_new(t, &wanted, &n);
	if (r < 0)
		return r;
	there = tree_find(t, path);
	if (there && !same(there, n))
		return -EEXIST;
	if (there) {
		r = raise_segment(t, there, n->segment);
		if (r < 0)
			return r;
	} else {
		r = add_missing_parents(t, n);
		if (r < 0)
			return r;
		there = n;
		r = link_node(t, &n);
		if (r < 0)
			return r;
	}
	if (ret)
		*ret = there;
	return 0;
}

int tree_put(struct tree *t, const struct tree_node *model)
{
	_cleanup_(node_free_pointer) struct tree_node *n = NULL;
	_cleanup_free_ char *path = NULL;
	struct tree_node *there, old;
	int r = tree_add(t, model, NULL);

	if (r != -EEXIST)
		return r;
	if ((r = resolve_parent(t, model->path, &path)) < 0 || (r = node_new(t, model, &n)) < 0)
		return r;
	there = tree_find(t, path);
	if (S_ISDIR(there->mode))
		return 0;
	/* Its place in the order and its path stay; what it was is freed with the new node's shell. */
	old = *there;
	*there = *n;
	there->path = old.path;
	there->next = old.next;
	old.path = n->path;
	*n = old;
	return 0;
}

int tree_alias(struct tree *t, const char *path, const char *target, const struct tree_node *by)
{
	const struct tree_node *there = tree_lookup(t, path);
	struct tree_node link = {
		.path = path,
		.mode = S_IFLNK | 0777,
		.target = target,
		.reason = "the usual name of",
		.by = by,
	};

	return there ? tree_want(t, there) : tree_add(t, &link, NULL);
}

static int compare_nodes(const void *a, const void *b)
{
	return compare(*(const struct tree_node *const *)a, *(const struct tree_node *const *)b);
}

int tree_sorted(const struct tree *t, const struct tree_node ***ret)
{
	const struct tree_node **list = calloc(t->n + 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		return -ENOMEM;
	TREE_FOREACH(node, t)
		list[n++] = node;
	qsort(list, n, sizeof(*list), compare_nodes);
	*ret = list;
	return 0;
}

static void leave(void *node)
{
}

void tree_free(struct tree *t)
{
	tdestroy(t->index, leave);
	for (struct tree_node *n = t->first, *next; n; n = next) {
		next = n->next;
		node_free(n);
	}
	*t = (struct tree){ 0 };
}
