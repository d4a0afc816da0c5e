/* SPDX-License-Identifier: MIT */
/* link: what stands on what, found from the nodes of a snapshot alone. */
#include <errno.h>

#include "base/mountinfo.h"
#include "base/strv.h"
#include "shutdown/layer.h"

static int add_edge(struct snapshot *s, size_t upper, size_t lower)
{
	if (upper == lower)
		return 0;
	if (s->n_edges == s->edges_room) {
		size_t room = s->edges_room ? s->edges_room * 2 : 128;
		struct edge *grown = realloc(s->edges, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->edges = grown;
		s->edges_room = room;
	}
	s->edges[s->n_edges++] = (struct edge){ upper, lower };
	return 0;
}

/* Is `path` inside the directory `dir`, and not `dir` itself? */
static bool path_below(const char *path, const char *dir)
{
	const char *rest = startswith(path, dir);

	return rest && (*rest == '/' || (*rest && endswith(dir, "/")));
}

static ssize_t find_mount_id(const struct snapshot *s, int id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->nodes[i].kind == NODE_MOUNT && s->nodes[i].id == id)
			return (ssize_t)i;
	return -1;
}

static bool mount_is_inside(const struct snapshot *s, size_t i, size_t top)
{
	/* A chain is at most as long as the list; a damaged one may run in a circle. */
	for (size_t steps = 0; steps <= s->n; steps++) {
		ssize_t parent;

		if (i == top)
			return true;
		parent = find_mount_id(s, s->nodes[i].parent);
		if (parent < 0 || (size_t)parent == i)
			return false;
		i = (size_t)parent;
	}
	return false;
}

/* `over` was mounted above `under` of the same parent: nothing inside `under` has a path before it is gone. */
static int link_hidden(struct snapshot *s, size_t over, size_t under)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n; i++)
		if (s->nodes[i].kind == NODE_MOUNT && mount_is_inside(s, i, under))
			r = add_edge(s, over, i);
	return r;
}

static int link_mounts(struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct node *a = &s->nodes[i];
		ssize_t parent;
		int r = 0;

		if (a->kind != NODE_MOUNT)
			continue;
		parent = find_mount_id(s, a->parent);
		if (parent >= 0)
			r = add_edge(s, i, (size_t)parent);
		for (size_t j = 0; r == 0 && j < s->n; j++) {
			const struct node *b = &s->nodes[j];

			if (b->kind == NODE_MOUNT && j != i && b->parent == a->parent &&
			    path_below(b->name, a->name) && !b->keep)
				r = link_hidden(s, i, j);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static bool has_dev(const struct node *device, dev_t dev)
{
	if (device->dev == dev)
		return true;
	for (size_t i = 0; i < device->n_parts; i++)
		if (device->parts[i].dev == dev)
			return true;
	return false;
}

/* By the kernel's name, or as /dev/mapper/NAME, which is a node of its own where no udev makes it a link. */
static bool has_name(const struct node *device, const char *name)
{
	if (streq(device->name, name) || (dm_matches(device) && streq_null(device->label, name)))
		return true;
	for (size_t i = 0; i < device->n_parts; i++)
		if (streq(device->parts[i].name, name))
			return true;
	return false;
}

/* The pool to which the device belongs that the mount names as its source. */
static const struct pool *pool_of(const struct snapshot *s, const struct node *mount)
{
	const char *slash = mount->detail ? strrchr(mount->detail, '/') : NULL;

	for (size_t i = 0; slash && i < s->n_pools; i++) {
		if (strv_contains(s->pools[i].devices, slash + 1))
			return &s->pools[i];
		for (size_t k = 0; k < s->n; k++)
			if (s->nodes[k].kind == NODE_DEVICE && has_name(&s->nodes[k], slash + 1) &&
			    strv_contains(s->pools[i].devices, s->nodes[k].name))
				return &s->pools[i];
	}
	return NULL;
}

static int link_pool(struct snapshot *s, size_t mount)
{
	const struct pool *pool = pool_of(s, &s->nodes[mount]);
	int r = 0;

	STRV_FOREACH(name, pool ? pool->devices : NULL)
		for (size_t i = 0; r == 0 && i < s->n; i++)
			if (s->nodes[i].kind == NODE_DEVICE && has_name(&s->nodes[i], *name))
				r = add_edge(s, mount, i);
	return r;
}

/*
 * `upper` stands on the mount that shows the path; of several the innermost, and the topmost of a stack. `dev`
 * is the st_dev of the file (0: not known). Where no such mount has a path to it (it is hidden, or detached,
 * or st_dev is that of a btrfs subvolume) all mounts of that device are meant, failing that the path decides.
 */
static int link_file(struct snapshot *s, size_t upper, const char *path, dev_t dev)
{
	ssize_t best = -1, exact = -1;
	int r = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct node *m = &s->nodes[i];

		if (m->kind != NODE_MOUNT || !(path_below(path, m->name) || streq(path, m->name)))
			continue;
		if (best < 0 || strlen(m->name) >= strlen(s->nodes[best].name))
			best = (ssize_t)i;
		if (m->dev == dev && (exact < 0 || strlen(m->name) >= strlen(s->nodes[exact].name)))
			exact = (ssize_t)i;
	}
	if (exact >= 0)
		return add_edge(s, upper, (size_t)exact);
	for (size_t i = 0; r == 0 && dev && i < s->n; i++)
		if (s->nodes[i].kind == NODE_MOUNT && s->nodes[i].dev == dev) {
			best = -1;
			r = add_edge(s, upper, i);
		}
	return r == 0 && best >= 0 ? add_edge(s, upper, (size_t)best) : r;
}

/* External metadata: the volume stands on the container. */
static bool is_container_of(const struct node *container, const struct node *member)
{
	const char *of = md_container_of(member), *rest = of ? startswith(of, container->name) : NULL;

	return rest && *rest == '/';
}

static bool stands_on_device(const struct node *n, const struct node *device)
{
	const char *slash = strrchr(n->name, '/');

	if (n->kind == NODE_MOUNT)
		return has_dev(device, n->dev);
	if (n->kind == NODE_SWAP)
		return !n->file && has_name(device, slash ? slash + 1 : n->name);
	return strv_contains(device->holders, n->name) || is_container_of(device, n);
}

static int link_devices(struct snapshot *s, size_t upper)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n; i++)
		if (s->nodes[i].kind == NODE_DEVICE && stands_on_device(&s->nodes[upper], &s->nodes[i]))
			r = add_edge(s, upper, i);
	return r;
}

int snapshot_link(struct snapshot *s)
{
	int r;

	s->n_edges = 0;
	r = link_mounts(s);
	for (size_t i = 0; r == 0 && i < s->n; i++) {
		const struct node *n = &s->nodes[i];

		r = link_devices(s, i);
		if (r == 0 && n->kind == NODE_MOUNT && n->label && streq(n->label, "btrfs"))
			r = link_pool(s, i);
		if (r == 0 && n->kind == NODE_SWAP && n->file)
			r = link_file(s, i, n->name, 0);
		if (r == 0 && n->kind == NODE_DEVICE && loop_matches(n) && n->label)
			r = link_file(s, i, n->label, n->backing);
	}
	return r;
}
