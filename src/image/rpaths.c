/* SPDX-License-Identifier: MIT */
/* rpaths: a DT_RPATH counts for all that its object loads, and what that loads. */
#include <errno.h>

#include "base/strv.h"
#include "image/rpaths.h"

struct rpath {
	const struct tree_node *node;
	char **dirs; /* strv */
	struct rpath *next;
};

static int push_all(char *const *dirs, char ***ret)
{
	int r = 0;

	STRV_FOREACH(dir, dirs)
		if (r == 0)
			r = strv_push(ret, *dir);
	return r;
}

int rpaths_add(struct rpaths *p, const struct tree_node *node, char *const *dirs)
{
	struct rpath *i = calloc(1, sizeof(*i));

	if (!i)
		return -ENOMEM;
	i->node = node;
	i->next = p->first;
	p->first = i;
	return push_all(dirs, &i->dirs);
}

int rpaths_of(const struct rpaths *p, const struct tree_node *node, char ***ret)
{
	int r = 0;

	for (const struct tree_node *by = node->by; by; by = by->by)
		for (const struct rpath *i = p->first; r == 0 && i; i = i->next)
			if (i->node == by)
				r = push_all(i->dirs, ret);
	return r;
}

void rpaths_free(struct rpaths *p)
{
	for (struct rpath *i = p->first, *next; i; i = next) {
		next = i->next;
		strv_free(i->dirs);
		free(i);
	}
	p->first = NULL;
}
