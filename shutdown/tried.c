/* SPDX-License-Identifier: MIT */
/* tried: what was tried before. */
#include <errno.h>

#include "shutdown/tried.h"

const struct tried_node *tried_find(const struct tried *t, enum node_kind kind, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->nodes[i].kind == kind && streq(t->nodes[i].name, name))
			return &t->nodes[i];
	return NULL;
}

struct tried_node *tried_get(struct tried *t, enum node_kind kind, const char *name)
{
	const struct tried_node *found = tried_find(t, kind, name);
	struct tried_node *grown;
	char *copy;

	if (found)
		return &t->nodes[found - t->nodes];
	grown = realloc(t->nodes, (t->n + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	t->nodes = grown;
	copy = strdup(name);
	if (!copy)
		return NULL;
	t->nodes[t->n] = (struct tried_node){ .kind = kind, .name = copy };
	return &t->nodes[t->n++];
}

int tried_freeze(struct tried *t, dev_t dev)
{
	dev_t *grown = realloc(t->frozen, (t->n_frozen + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	t->frozen = grown;
	t->frozen[t->n_frozen++] = dev;
	return 0;
}

void tried_again(struct tried *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->nodes[i].spent = 0;
}

void tried_mark(const struct tried *t, struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct node *n = &s->nodes[i];
		const struct tried_node *found = tried_find(t, n->kind, n->name);

		n->spent = found ? found->spent : 0;
		for (size_t k = 0; k < t->n_frozen; k++)
			n->frozen |= n->kind == NODE_MOUNT && n->dev == t->frozen[k];
	}
}

void tried_free(struct tried *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->nodes[i].name);
	free(t->nodes);
	free(t->frozen);
	*t = (struct tried){ 0 };
}
