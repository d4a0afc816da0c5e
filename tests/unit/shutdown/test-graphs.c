/* SPDX-License-Identifier: MIT */
/*
 * test-graphs: random machines are taken down: whatever is done, nothing stands on it any more; it always ends, and
 * with nothing left.
 */
#include <stdlib.h>

#include "shutdown/plan.h"
#include "unit/shutdown/graph.h"

#define MACHINES 1500
#define MOST     24 /* things attached */

static const char *const types[] = { "ext4", "xfs", "tmpfs", "nfs4", "proc" };

/* Things are attached one after the other, each on what was there before: so there is a way back. */
struct machine {
	struct snapshot s;
	unsigned int random;
	int next_id;
	int host[MOST + 8]; /* by loop number: the id of the mount with its file, 0: none */
};

static unsigned int dice(struct machine *m, unsigned int n)
{
	m->random = m->random * 1103515245 + 12345;
	return (m->random >> 16) % n;
}

/* A random node of that kind, below the exitrd's own; -1: none. */
static ssize_t any(struct machine *m, enum node_kind kind)
{
	unsigned int n = 0, pick;

	for (size_t i = 0; i < m->s.n; i++)
		n += m->s.nodes[i].kind == kind && !m->s.nodes[i].keep;
	if (n == 0)
		return -1;
	pick = dice(m, n);
	for (size_t i = 0; i < m->s.n; i++)
		if (m->s.nodes[i].kind == kind && !m->s.nodes[i].keep && pick-- == 0)
			return (ssize_t)i;
	return -1;
}

static struct node *mount_by_id(struct snapshot *s, int id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->nodes[i].kind == NODE_MOUNT && s->nodes[i].id == id)
			return &s->nodes[i];
	return NULL;
}

static bool is_below(const char *path, const char *dir)
{
	const char *rest = startswith(path, dir);

	return rest && *rest == '/';
}

/* On which mount does the kernel end when it follows that path? The first mount point on the way is the next one. */
static const struct node *follow(struct machine *m, const char *path)
{
	const struct node *at = mount_by_id(&m->s, 1);

	for (;;) {
		const struct node *next = NULL;

		for (size_t i = 0; i < m->s.n; i++) {
			const struct node *n = &m->s.nodes[i];

			if (n->kind == NODE_MOUNT && n->parent == at->id && n != at &&
			    (is_below(path, n->name) || streq(path, n->name)) &&
			    (!next || strlen(n->name) < strlen(next->name)))
				next = n;
		}
		if (!next)
			return at;
		at = next;
	}
}

static void attach_mount(struct machine *m)
{
	const char *type = types[dice(m, ARRAY_SIZE(types))];
	ssize_t on = any(m, NODE_MOUNT), device = dice(m, 2) ? any(m, NODE_DEVICE) : -1;
	bool data = !mount_is_api(&(struct node){ .label = (char *)(uintptr_t)type });
	const char *dir = on < 0 ? "/run" : m->s.nodes[on].name;
	char path[4096];

	if (on >= 0 && dice(m, 4) == 0) /* stacked */
		(void)snprintf(path, sizeof(path), "%s", dir);
	else if (dice(m, 4) == 0) /* hides what comes below a/ */
		(void)snprintf(path, sizeof(path), "%s/a", dir);
	else
		(void)snprintf(path, sizeof(path), "%s/a/%d", dir, m->next_id);
	(void)graph_mount(&m->s, m->next_id, follow(m, path)->id, path, type,
			  data && device >= 0 ? m->s.nodes[device].dev : 0);
	m->next_id++;
}

static void attach_device(struct machine *m, unsigned int number)
{
	static const struct {
		const char *name;
		unsigned int major;
	} kinds[] = { { "dm-", 253 }, { "md", 9 }, { "loop", 7 } };
	unsigned int kind = dice(m, ARRAY_SIZE(kinds));
	ssize_t below = any(m, NODE_DEVICE), host = any(m, NODE_MOUNT);
	char name[32];

	if (kind == 2 && host < 0)
		return;
	(void)snprintf(name, sizeof(name), "%s%u", kinds[kind].name, number);
	(void)graph_device(&m->s, name, makedev(kinds[kind].major, number), kind == 2 ? "" : "x");
	if (kind == 2)
		m->host[number] = m->s.nodes[host].id;
	else if (below >= 0)
		graph_holder(&m->s, (size_t)below, name);
}

static void attach_swap(struct machine *m)
{
	ssize_t device = any(m, NODE_DEVICE);
	char path[64];

	if (device < 0)
		return;
	(void)snprintf(path, sizeof(path), "/dev/%s", m->s.nodes[device].name);
	if (!snapshot_find(&m->s, NODE_SWAP, path))
		(void)graph_swap(&m->s, path, false);
}

static bool is_inside(struct snapshot *s, const struct node *n, int id)
{
	for (; n; n = mount_by_id(s, n->parent))
		if (n->id == id)
			return true;
	return false;
}

static void move(struct machine *m, struct node *n, const char *dir, size_t number)
{
	char *path;

	assert_true(asprintf(&path, "%s/medium%zu", dir, number) > 0);
	n->parent = -1; /* nowhere while the path is followed */
	n->parent = follow(m, path)->id;
	free(n->name);
	n->name = path;
}

/* As a live system does it with its medium: below the root that is made from it. */
static void move_some_host(struct machine *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(m->host); i++) {
		struct node *host = m->host[i] ? mount_by_id(&m->s, m->host[i]) : NULL;
		ssize_t to = any(m, NODE_MOUNT);

		if (!host || dice(m, 3) || is_inside(&m->s, &m->s.nodes[to], host->id))
			continue;
		/* Its children would have to be renamed; only those without move. */
		for (size_t k = 0; k < m->s.n; k++)
			if (m->s.nodes[k].kind == NODE_MOUNT && m->s.nodes[k].parent == host->id)
				return;
		move(m, host, m->s.nodes[to].name, i);
	}
}

static void build(struct machine *m, unsigned int seed)
{
	unsigned int things;

	*m = (struct machine){ .s.machine = true, .random = seed, .next_id = 10 };
	(void)graph_mount(&m->s, 1, 0, "/", "tmpfs", 0);
	(void)graph_mount(&m->s, 3, 1, "/run", "tmpfs", 0);
	(void)graph_mount(&m->s, m->next_id++, 1, "/oldroot", "ext4", makedev(8, 1));
	things = 1 + dice(m, MOST - 1);
	for (unsigned int i = 0; i < things; i++) {
		unsigned int what = dice(m, 8);

		if (what < 4)
			attach_mount(m);
		else if (what < 7)
			attach_device(m, i);
		else
			attach_swap(m);
	}
	move_some_host(m);
}

/* The kernel shows a loop's file by the path that it has now. */
static void look(struct machine *m)
{
	for (size_t i = 0; i < m->s.n; i++) {
		struct node *n = &m->s.nodes[i];
		const struct node *host;

		if (n->kind != NODE_DEVICE || !loop_matches(n))
			continue;
		host = mount_by_id(&m->s, m->host[atoi(n->name + 4)]);
		free(n->label);
		assert_true(asprintf(&n->label, "%s/img", host ? host->name : "/gone") > 0);
		n->backing = host ? host->dev : 0;
	}
	assert_int_equal(snapshot_link(&m->s), 0);
}

/* Does `other` need `n`? Said here from the kernel's rules, not from the edges. */
static bool needs(const struct machine *m, const struct node *other, const struct node *n)
{
	if (other->kind == NODE_MOUNT && n->kind == NODE_MOUNT)
		return other->parent == n->id || (other->parent == n->parent && is_below(n->name, other->name));
	if (n->kind == NODE_MOUNT) /* a tmpfs lives on in the loop's hands */
		return other->kind == NODE_DEVICE && loop_matches(other) && !mount_is_api(n) &&
		       m->host[atoi(other->name + 4)] == n->id;
	if (n->kind == NODE_DEVICE && other->kind == NODE_SWAP)
		return endswith(other->name, n->name) && other->name[strlen("/dev/")] == n->name[0] &&
		       strlen(other->name) == strlen("/dev/") + strlen(n->name);
	if (n->kind == NODE_DEVICE && other->kind == NODE_MOUNT)
		return other->dev == n->dev;
	return n->kind == NODE_DEVICE && strv_contains(n->holders, other->name);
}

static void lift(struct machine *m, struct node *n)
{
	assert_false(mount_by_id(&m->s, n->parent)->keep);
	n->parent = 3;
	free(n->name);
	assert_true(asprintf(&n->name, "/run/held/%d", n->id) > 0);
}

static bool is_gone(const struct node *n, void *data)
{
	return n->frozen; /* used as the mark */
}

/* Does all that the plan says, at once; nothing of it may need another part of it. Returns what is left. */
static size_t carry_out(struct machine *m)
{
	_cleanup_plan_ struct plan p = { 0 };

	assert_int_equal(teardown_plan(&m->s, E_PLAIN, &p), 0);
	for (size_t i = 0; i < p.n; i++) {
		struct node *n = &m->s.nodes[p.actions[i].node];
		unsigned int first = (unsigned int)__builtin_ctz(p.actions[i].acts);

		assert_int_equal(__builtin_popcount(p.actions[i].acts), 1);
		assert_false(n->keep);
		if (streq(n->layer->acts[first].name, "lift")) {
			lift(m, n);
			continue;
		}
		for (size_t k = 0; k < m->s.n; k++)
			if (&m->s.nodes[k] != n && needs(m, &m->s.nodes[k], n))
				fail_msg("%s goes before %s", n->name, m->s.nodes[k].name);
		n->frozen = true;
	}
	if (p.left > 0)
		assert_true(p.n > 0);
	snapshot_drop(&m->s, is_gone, NULL);
	return p.left;
}

static void every_machine_comes_down_in_order(void **state)
{
	size_t most = 0;

	for (unsigned int seed = 1; seed <= MACHINES; seed++) {
		struct machine m;
		size_t turns = 0;

		build(&m, seed);
		do {
			look(&m);
			assert_true(++turns <= 2 * (MOST + 3));
		} while (carry_out(&m) > 0);
		for (size_t i = 0; i < m.s.n; i++)
			assert_true(m.s.nodes[i].keep || m.s.nodes[i].kind == NODE_SWAP);
		most = MAX(most, turns);
		snapshot_free(&m.s);
	}
	/* The machines were worth it. */
	assert_true(most >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_machine_comes_down_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
