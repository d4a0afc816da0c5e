/* SPDX-License-Identifier: MIT */
/* snapshot: what is still there: the list itself, and the mounts of it. */
#include <errno.h>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/strv.h"
#include "shutdown/diskstats.h"
#include "shutdown/layer.h"
#include "shutdown/meminfo.h"
#include "shutdown/snapshot.h"

#define MOUNTINFO_MAX (64U << 20)

void node_free(struct node *n)
{
	free(n->name);
	free(n->label);
	free(n->state);
	free(n->options);
	free(n->super);
	free(n->detail);
	for (size_t i = 0; i < n->n_parts; i++)
		free(n->parts[i].name);
	free(n->parts);
	strv_free(n->holders);
	*n = (struct node){ 0 };
}

void snapshot_free(struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++)
		node_free(&s->nodes[i]);
	free(s->nodes);
	free(s->edges);
	pools_free(s);
	*s = (struct snapshot){ 0 };
}

int snapshot_add(struct snapshot *s, struct node *node)
{
	if (s->n == s->room) {
		size_t room = s->room ? s->room * 2 : 64;
		struct node *grown = realloc(s->nodes, room * sizeof(*grown));

		if (!grown) {
			node_free(node);
			return -ENOMEM;
		}
		s->nodes = grown;
		s->room = room;
	}
	s->nodes[s->n++] = *node;
	*node = (struct node){ 0 };
	return 0;
}

void snapshot_drop(struct snapshot *s, bool (*drop)(const struct node *n, void *data), void *data)
{
	size_t to = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (drop(&s->nodes[i], data))
			node_free(&s->nodes[i]);
		else
			s->nodes[to++] = s->nodes[i];
	}
	s->n = to;
	s->n_edges = 0;
}

const struct node *snapshot_find(const struct snapshot *s, enum node_kind kind, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->nodes[i].kind == kind && streq(s->nodes[i].name, name))
			return &s->nodes[i];
	return NULL;
}

/* Of the kernel's own file systems these keep others from going, so they go wherever they are mounted. */
static bool holds_others(const struct node *n)
{
	static const char *const types[] = {
		"nsfs",        /* a mount namespace that is bound to a file: snapd's in /run */
		"binfmt_misc", /* the interpreter of a format with the flag F is open */
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (streq(n->label, types[i]))
			return true;
	return false;
}

/*
 * What the exitrd runs from and with: its root, and the API file systems that systemd bound into it. The same
 * file systems appear a second time below /oldroot, where they were before; those go.
 */
static bool is_kept(const struct node *n)
{
	const char *below = startswith(n->name, "/oldroot");

	if (streq(n->name, "/"))
		return true;
	return mount_is_api(n) && !holds_others(n) && !(below && (*below == '/' || *below == '\0'));
}

struct node node_of_mount(struct mount_entry *e)
{
	return (struct node){
		.kind = NODE_MOUNT,
		.name = TAKE_PTR(e->target),
		.dev = e->dev,
		.label = TAKE_PTR(e->fstype),
		.detail = TAKE_PTR(e->source),
		.id = e->id,
		.parent = e->parent,
		.options = TAKE_PTR(e->options),
		.super = TAKE_PTR(e->super),
	};
}

static int add_mount(struct snapshot *s, struct mount_entry *e)
{
	struct node n = node_of_mount(e);

	n.layer = layer_of(&n);
	n.keep = is_kept(&n);
	return snapshot_add(s, &n);
}

int mounts_parse(const char *text, struct snapshot *s)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };
	int r = mountinfo_parse(text, &m);

	for (size_t i = 0; r == 0 && i < m.n; i++)
		r = add_mount(s, &m.items[i]);
	return r;
}

int mounts_read(int root, struct snapshot *s)
{
	_cleanup_free_ char *text = NULL;
	int r = file_read(root, "proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);

	return r < 0 ? r : mounts_parse(text, s);
}

int snapshot_read(int root, struct snapshot *ret)
{
	_cleanup_snapshot_ struct snapshot s = { .machine = ret->machine };
	uint64_t room = meminfo_available(root);
	int r;

	s.dirty = meminfo_dirty(root);
	s.written = diskstats_written(root);
	r = mounts_read(root, &s);
	if (r < 0)
		return r;
	if (elsewhere_read(root, &s) == -ENOMEM || swaps_read(root, &s) == -ENOMEM ||
	    devices_read(root, &s) == -ENOMEM || pools_read(root, &s) == -ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; i < s.n; i++)
		s.nodes[i].room = room;
	r = snapshot_link(&s);
	if (r < 0)
		return r;
	snapshot_free(ret);
	*ret = s;
	s = (struct snapshot){ 0 };
	return 0;
}
