/* SPDX-License-Identifier: MIT */
/* plan: what to do now. */
#include <errno.h>

#include "shutdown/plan.h"

struct standing node_standing(const struct snapshot *s, size_t i)
{
	struct standing st = { 0 };

	for (size_t k = 0; k < s->n_edges; k++) {
		const struct node *upper = &s->nodes[s->edges[k].upper];
		const struct node *lower = &s->nodes[s->edges[k].lower];

		if (s->edges[k].lower == i) {
			st.uppers++;
			st.mounts += upper->kind == NODE_MOUNT;
			st.files += upper->kind != NODE_MOUNT;
		} else if (s->edges[k].upper == i) {
			st.lowers += !lower->keep;
			st.on_kept |= lower->kind == NODE_MOUNT && lower->keep;
		}
	}
	return st;
}

bool node_is_left(const struct snapshot *s, size_t node)
{
	const struct node *n = &s->nodes[node];

	if (n->kind == NODE_SWAP)
		return node_standing(s, node).lowers > 0;
	return !n->keep;
}

/*
 * In a PID namespace a superblock may be in use outside too, by the machine itself: nothing is done to one,
 * only to our own mounts of it.
 */
static int highest_level(const struct snapshot *s)
{
	return s->machine ? E_SYSRQ : E_FORCE;
}

static struct action plan_node(const struct snapshot *s, size_t i, int escalation)
{
	const struct node *n = &s->nodes[i];
	struct standing st = node_standing(s, i);
	struct action a = { .node = i };

	if (!n->layer || n->frozen || !node_is_left(s, i))
		return a;
	for (size_t k = 0; k < LAYER_ACTS && n->layer->acts[k].name; k++) {
		const struct act *act = &n->layer->acts[k];

		if ((int)act->level > escalation || (int)act->level < n->spent || !act->wanted(n, &st))
			continue;
		a.acts |= 1U << k;
		a.timeout += act->timeout;
	}
	return a;
}

/* The highest level of its acts: they are in the order of levels. */
static int highest_act(const struct snapshot *s, const struct action *a)
{
	return a->acts ? (int)s->nodes[a->node].layer->acts[31 - __builtin_clz(a->acts)].level : -1;
}

/*
 * One superblock may have several mounts: one of them freezes it, and to the others nothing is done, since what
 * touches a frozen file system waits for ever.
 */
static bool is_being_frozen(const struct snapshot *s, const struct plan *p, size_t node)
{
	const struct node *n = &s->nodes[node];

	for (size_t i = 0; i < p->n; i++) {
		const struct node *other = &s->nodes[p->actions[i].node];

		if (n->kind == NODE_MOUNT && other->kind == NODE_MOUNT && other->dev == n->dev &&
		    highest_act(s, &p->actions[i]) == E_FREEZE)
			return true;
	}
	return false;
}

static bool is_writable_data(const struct node *n)
{
	return n->kind == NODE_MOUNT && !n->keep && !n->frozen && !mount_is_api(n) &&
	       when_writable(n, &(struct standing){ 0 });
}

static void add_action(const struct snapshot *s, const struct action *a, struct plan *p)
{
	if (!a->acts || is_being_frozen(s, p, a->node))
		return;
	p->actions[p->n++] = *a;
	p->highest = MAX(p->highest, highest_act(s, a));
}

int teardown_plan(const struct snapshot *s, int escalation, struct plan *ret)
{
	int level = MIN(escalation, highest_level(s));
	struct plan p = { .highest = -1 };

	p.actions = calloc(s->n + 1, sizeof(*p.actions));
	if (!p.actions)
		return -ENOMEM;
	for (size_t l = 0; l < n_layers; l++) {
		/* The newest first: what was attached last is the likeliest to be free. */
		for (size_t i = s->n; i-- > 0;) {
			struct action a;

			if (s->nodes[i].layer != &layers[l])
				continue;
			p.left += node_is_left(s, i);
			a = plan_node(s, i, level);
			add_action(s, &a, &p);
			p.emergency |= level >= E_SYSRQ && is_writable_data(&s->nodes[i]);
		}
	}
	if (p.emergency)
		p.highest = E_SYSRQ;
	*ret = p;
	return 0;
}

void plan_free(struct plan *p)
{
	free(p->actions);
	*p = (struct plan){ 0 };
}
