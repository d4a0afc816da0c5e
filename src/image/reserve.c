/* SPDX-License-Identifier: MIT */
/* reserve: what most boots have no use for, as one file of the image. */
#include "base/log.h"
#include "image/build.h"
#include "image/newc.h"
#include "image/reserve.h"

void build_into(struct build *b, enum tree_segment segment)
{
	b->tree.adding = b->reserve ? segment : SEGMENT_MAIN;
}

/* As newc.c sees it: one that is written once, under both names. */
static bool is_same_file(const struct tree_node *m, const struct tree_node *n)
{
	return m->size == n->size && m->mode == n->mode && m->source_root == n->source_root &&
	       streq_null(m->source, n->source);
}

static bool is_in_front(const struct tree *t, const struct tree_node *n)
{
	TREE_FOREACH(m, t)
		if (n->source && m->segment == SEGMENT_MAIN && is_same_file(m, n))
			return true;
	return false;
}

/* A root of its own of which some is in front: names in it lead through its links. */
static bool is_link_of_front(const struct tree *t, const struct tree_node *n)
{
	const char *root = exitrd_root_of(n->path);
	_cleanup_free_ char *path = *root && S_ISLNK(n->mode) ? strndup(root, strlen(root) - 1) : NULL;
	const struct tree_node *top = path ? tree_find(t, path) : NULL;

	return top && top->segment == SEGMENT_MAIN;
}

static int want_each(struct tree *t, bool (*is_wanted)(const struct tree *t, const struct tree_node *n))
{
	int r = 0;

	TREE_FOREACH(n, t)
		if (r == 0 && n->segment == SEGMENT_RESERVE && is_wanted(t, n))
			r = tree_want(t, n);
	return r;
}

/*
 * What is in front under another name (libc, for a root that is laid over the exitrd) costs a header there, as a hard
 * link, and its bytes once more here.
 */
static int link_to_front(struct tree *t)
{
	int r = want_each(t, is_in_front);

	return r < 0 ? r : want_each(t, is_link_of_front);
}

static int add_place(struct tree *t)
{
	static const struct tree_node place = {
		.path = RESERVE,
		.mode = S_IFREG | 0644,
		.flags = TREE_DATA | TREE_BORROWED,
		.bytes = "",
		.reason = "what most boots have no use for",
	};

	return newc_part_is_empty(t, &(struct newc_part){ .segment = SEGMENT_RESERVE }) ? 0
											: tree_add(t, &place, NULL);
}

/* Its place; what it holds is there when all is packed. */
int reserve_add(struct build *b)
{
	int r = link_to_front(&b->tree);

	if (r == 0)
		r = add_place(&b->tree);
	return r < 0 ? log_errno(r, "cannot add /" RESERVE) : 0;
}
