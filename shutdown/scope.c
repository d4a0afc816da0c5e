/* SPDX-License-Identifier: MIT */
/* scope: whose things these are: in a PID namespace most of what the kernel shows is somebody else's. */
#include <errno.h>

#include "base/strv.h"
#include "shutdown/layer.h"

static bool is_foreign(const struct node *n, void *data)
{
	char **ours = data;

	return n->kind == NODE_SWAP || (n->kind == NODE_DEVICE && !strv_contains(ours, n->name));
}

/* Is it ours because one of our mounts, or a device that is ours already, stands on it? */
static bool is_below_ours(const struct snapshot *s, size_t device, char *const *ours)
{
	for (size_t i = 0; i < s->n_edges; i++) {
		const struct node *upper = &s->nodes[s->edges[i].upper];

		if (s->edges[i].lower != device)
			continue;
		if (upper->kind == NODE_MOUNT ? !upper->keep && !upper->elsewhere : strv_contains(ours, upper->name))
			return true;
	}
	return false;
}

int snapshot_confine(struct snapshot *s, char ***ours)
{
	for (bool grown = true; grown;) {
		grown = false;
		for (size_t i = 0; i < s->n; i++) {
			const struct node *n = &s->nodes[i];

			if (n->kind != NODE_DEVICE || strv_contains(*ours, n->name) ||
			    !is_below_ours(s, i, *ours))
				continue;
			if (strv_push(ours, n->name) < 0)
				return -ENOMEM;
			grown = true;
		}
	}
	snapshot_drop(s, is_foreign, *ours);
	return snapshot_link(s);
}
