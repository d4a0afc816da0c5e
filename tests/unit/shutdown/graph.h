/* SPDX-License-Identifier: MIT */
/* graph: snapshots built by hand, one call a node; the layer and what is kept are found as in reality. */
#pragma once

#include <sys/sysmacros.h>

#include "base/strv.h"
#include "shutdown/layer.h"
#include "shutdown/plan.h"
#include "unit/unit.h"

static inline char *copy_of(const char *s)
{
	char *copy = s ? strdup(s) : NULL;

	assert_true(copy || !s);
	return copy;
}

/* Returns its index. `dev` 0: an anonymous one, of its own. */
static inline size_t graph_mount(struct snapshot *s, int id, int parent, const char *target, const char *type,
				 dev_t dev)
{
	struct node n = {
		.kind = NODE_MOUNT,
		.name = copy_of(target),
		.dev = dev ? dev : makedev(0, (unsigned int)id),
		.label = copy_of(type),
		.detail = copy_of(type),
		.id = id,
		.parent = parent,
		.options = copy_of("rw"),
		.super = copy_of("rw"),
		/* The exitrd itself, as ids below 10 in these tests. */
		.keep = id < 10,
	};

	n.layer = layer_of(&n);
	assert_int_equal(snapshot_add(s, &n), 0);
	return s->n - 1;
}

static inline size_t graph_device(struct snapshot *s, const char *name, dev_t dev, const char *label)
{
	struct node n = {
		.kind = NODE_DEVICE,
		.name = copy_of(name),
		.dev = dev,
		.label = copy_of(label),
		.detail = copy_of(""),
		.state = copy_of("live"),
		.opened = -1,
	};

	n.layer = layer_of(&n);
	assert_non_null(n.layer);
	assert_int_equal(snapshot_add(s, &n), 0);
	return s->n - 1;
}

static inline void graph_holder(struct snapshot *s, size_t device, const char *holder)
{
	assert_int_equal(strv_push(&s->nodes[device].holders, holder), 0);
}

static inline void graph_part(struct snapshot *s, size_t device, const char *name, dev_t dev)
{
	struct node *n = &s->nodes[device];

	n->parts = realloc(n->parts, (n->n_parts + 1) * sizeof(*n->parts));
	assert_non_null(n->parts);
	n->parts[n->n_parts++] = (struct part){ .name = copy_of(name), .dev = dev };
}

static inline size_t graph_swap(struct snapshot *s, const char *path, bool file)
{
	struct node n = { .kind = NODE_SWAP, .name = copy_of(path), .file = file, .used = 10, .room = 1000 };

	n.layer = layer_of(&n);
	assert_int_equal(snapshot_add(s, &n), 0);
	return s->n - 1;
}

static inline bool graph_has_edge(const struct snapshot *s, size_t upper, size_t lower)
{
	for (size_t i = 0; i < s->n_edges; i++)
		if (s->edges[i].upper == upper && s->edges[i].lower == lower)
			return true;
	return false;
}

/* Exactly these actions, "NAME: act act; NAME: act", in the plan's order. */
static inline void assert_plan(const struct snapshot *s, int escalation, const char *expected)
{
	_cleanup_plan_ struct plan p = { 0 };
	char text[4096] = "";

	assert_int_equal(teardown_plan(s, escalation, &p), 0);
	for (size_t i = 0; i < p.n; i++) {
		const struct node *n = &s->nodes[p.actions[i].node];
		size_t at = strlen(text);

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s:", i ? "; " : "", n->name);
		for (size_t k = 0; k < LAYER_ACTS; k++)
			if (p.actions[i].acts & (1U << k))
				at += (size_t)snprintf(text + at, sizeof(text) - at, " %s",
						       n->layer->acts[k].name);
	}
	assert_string_equal(text, expected);
}
