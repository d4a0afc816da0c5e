/* SPDX-License-Identifier: MIT */
/* rpaths: a DT_RPATH counts for all that its object loads, and what that loads. */
#pragma once

#include "image/tree.h"

struct rpath;

struct rpaths {
	struct rpath *first;
};

/* The directories, a strv that is copied, count for what is in the tree because of `node`. 0 or -ENOMEM. */
int rpaths_add(struct rpaths *p, const struct tree_node *node, char *const *dirs);

/* What those that loaded it, and theirs, have said: appended to the strv `ret`. 0 or -ENOMEM. */
int rpaths_of(const struct rpaths *p, const struct tree_node *node, char ***ret);
void rpaths_free(struct rpaths *p);
