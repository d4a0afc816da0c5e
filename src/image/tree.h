/* SPDX-License-Identifier: MIT */
/*
 * tree: what will lie in the image, path by path.
 *
 * The one thing that goes through the generator: each pass only adds to it, and only when it is
 * complete is anything written. Paths are canonical: symlinks that are in the tree already are
 * followed when something is added below them ("lib/x" becomes "usr/lib/x" once "lib -> usr/lib"
 * is in), and parents that are missing are made.
 */
#pragma once

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/macro.h"

enum tree_flag {
	/* Nothing in it names other files that it needs: modules, configuration. The closure
	   looks away. */
	TREE_DATA = 1 << 0,
	/* `bytes` are not copied: they outlive the tree. */
	TREE_BORROWED = 1 << 1,
	/* The closure has looked at it. */
	TREE_CLOSED = 1 << 2,
};

/*
 * An image is several archives; what is wanted earlier has the larger number, and what is wanted in two of them
 * stands in that. A directory goes with the earliest that has something of it.
 */
enum tree_segment {
	SEGMENT_RESERVE = -1, /* what most boots have no use for: /init unpacks it where it has, see RESERVE */
	SEGMENT_MAIN,         /* what each boot touches */
	SEGMENT_EARLY,        /* what the kernel looks for before it unpacks anything: it must come first */
};

struct tree_node {
	const char *path;   /* no leading slash */
	mode_t mode;        /* with S_IFMT: S_IFREG S_IFDIR S_IFLNK S_IFCHR S_IFBLK */
	unsigned int flags; /* enum tree_flag */
	enum tree_segment segment;

	/* S_IFREG: either a file to read when the image is written … */
	int source_root;    /* the descriptor of a struct sysroot, which must outlive the tree, or
			       AT_FDCWD */
	const char *source; /* the path in it */
	uint64_t size;      /* as it was when it was added; filled in by tree_add() */
	/* … or its bytes. */
	const void *bytes;

	const char *target; /* S_IFLNK */
	dev_t rdev;         /* S_IFCHR, S_IFBLK */

	/* Why it is in: "the kernel runs it"; or "library of" and the node that it is for. */
	const char *reason;
	const struct tree_node *by;

	struct tree_node *next; /* in the order of adding: a pass sees what it adds itself */
};

struct tree {
	struct tree_node *first, *last;
	size_t n;
	void *index; /* by path, tsearch(3) */
	/* Where goes what is added from now on and does not say: SEGMENT_MAIN or SEGMENT_RESERVE. */
	enum tree_segment adding;
};

/*
 * Adds a copy of `model`, whose strings and bytes remain the caller's. The same thing again is fine and keeps the first
 * reason, but stands in the earlier segment of the two; something else at the same path is -EEXIST. -ENOTDIR where a
 * parent is a file, -ELOOP, -ENOMEM, and for a source what open(2) says (-EINVAL: no regular file). `ret` may be NULL.
 */
int tree_add(struct tree *t, const struct tree_node *model, const struct tree_node **ret);

/*
 * The same, but what was there before gives way, as when the kernel unpacks one archive after the other; only a
 * directory stays what it is.
 */
int tree_put(struct tree *t, const struct tree_node *model);

/* The node of exactly that canonical path, or NULL. */
struct tree_node *tree_find(const struct tree *t, const char *path);

/* What the path ends at in the tree alone, symlinks followed; NULL when it ends nowhere. */
struct tree_node *tree_lookup(const struct tree *t, const char *path);

/* A node of the tree, with the directories above it, is wanted as early as what is being added now. 0 or -ENOMEM. */
int tree_want(struct tree *t, const struct tree_node *n);

/*
 * Makes sure that `path` is something: a symlink to `target` where the tree has nothing there
 * yet. For names that the contract fixes and a sysroot may keep elsewhere. `by`: the node that it
 * is another name of.
 */
int tree_alias(struct tree *t, const char *path, const char *target, const struct tree_node *by);

/* All nodes by path, bytewise: parents before children. The caller frees the array, not the
 * nodes. */
int tree_sorted(const struct tree *t, const struct tree_node ***ret);

void tree_free(struct tree *t);

/*
 * What a path ends at for who has the directory `below` ("usr/lib/slipway/exitrd/", "" for none) as its root:
 * absolute symlinks begin there. NULL when it ends nowhere.
 */
struct tree_node *tree_lookup_below(const struct tree *t, const char *below, const char *path);

#define TREE_FOREACH(node, t) for (struct tree_node *node = (t)->first; node; node = node->next)
#define _cleanup_tree_        _cleanup_(tree_free)

/* Opens a file node's source. A descriptor or -errno. */
int tree_node_open(const struct tree_node *n);
