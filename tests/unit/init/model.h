/* SPDX-License-Identifier: MIT */
/*
 * model: a machine for the tests of plan(): which devices come when which act on which others was done. What happens
 * in it is put into the real tables, as init would read it.
 */
#pragma once

#include "base/macro.h"
#include "base/strv.h"
#include "init/loop.h"
#include "init/obstacle.h"
#include "init/plan.h"
#include "unit/unit.h"

#define SEC      UINT64_C(1000000)
#define MS       UINT64_C(1000)
#define NEVER    UINT64_MAX
#define DEADLINE (90 * SEC)
#define T(s)     ((char *)(s))
#define THINGS   10
#define EVENTS   64

enum made {
	NOTHING,
	DISK,      /* it comes when the test says */
	ARRAY,     /* it comes with its first member, and runs when all are there, or `enough` and somebody says so */
	CONTAINER, /* the same, without anything on it */
	VOLUME,    /* it runs with the container that it is on */
	CRYPT,     /* it comes when what it is on was opened */
	LV,        /* it comes when its group is activated */
	LOOP,      /* it comes when the file system that its file is on is mounted */
};

struct thing {
	const char *name;
	enum made made;
	const char *type, *usage, *uuid, *sub; /* what is on it; sub: which member, of a PV which group of that name */
	const char *group;                     /* of that PV, or of that LV */
	const char *on[4];
	size_t enough;
};

struct stack {
	const char *name, *root;
	struct thing things[THINGS - 1];
	struct boot boot;
	const char *found[3];   /* any of them */
	size_t missing;         /* so many disks may be missing */
	const char *waits;      /* in the last line when any one is missing */
	const char *first[3];   /* what is waited for before the root: as whose device, how it is named, which it is */
};

enum event_kind { ARRIVES, LEAVES, RETURNS, CHANGES, IS_READ, IS_COMPARED, RUNS, ENDS };

struct occurrence {
	uint64_t at;
	enum event_kind kind;
	size_t thing;
	uint64_t announced, match; /* of the device; IS_COMPARED: of the one that it is compared with */
	bool alike;
	struct step step; /* ENDS: what it was; `device` is not looked at */
	char subject[32];
};

struct world {
	const struct stack *stack;
	struct thing things[THINGS];
	struct {
		bool there, runs, is_member, online, opened;
		unsigned int acts; /* bits of the actions that were done to it since it came */
	} state[THINGS];
	size_t n;
	struct occurrence events[EVENTS];
	size_t n_events;
	struct devices devices;
	struct attempts attempts;
	uint64_t now, seed;
	bool degraded;     /* something was started without all its members */
	bool at_once;      /* what a tool makes is announced before it ends */
	bool flaws;        /* a device may not be readable at first */
	char told[1024];   /* the last of what was in the way */
};

static inline uint64_t below(struct world *w, uint64_t n)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return (w->seed >> 11) % n;
}

static inline size_t thing_of(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (streq(w->things[i].name, name))
			return i;
	fail_msg("%s: no %s in this world", w->stack->name, name);
	return 0;
}

static inline bool stands_on(const struct thing *t, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(t->on) && t->on[i]; i++)
		if (streq(t->on[i], name))
			return true;
	return false;
}

static inline void add_event(struct world *w, struct occurrence event)
{
	assert_true(w->n_events < EVENTS);
	w->events[w->n_events++] = event;
}

/* What it stands on, as far as that was given to it. */
static inline size_t bound(const struct world *w, const struct thing *t, struct device *dev)
{
	size_t n = 0;

	if (dev) {
		strv_free(dev->slaves);
		dev->slaves = NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(t->on) && t->on[i]; i++) {
		size_t below = thing_of(w, t->on[i]);

		if ((t->made == ARRAY || t->made == CONTAINER) && !w->state[below].is_member)
			continue;
		n++;
		if (dev)
			assert_int_equal(strv_push(&dev->slaves, t->on[i]), 0);
	}
	return n;
}

static inline size_t members(const struct thing *t)
{
	size_t n = 0;

	while (n < ARRAY_SIZE(t->on) && t->on[n])
		n++;
	return n;
}

/* What /sys says of it now. */
static inline void look_at(struct world *w, size_t i)
{
	const struct thing *t = &w->things[i];
	struct device *dev = devices_find(&w->devices, t->name);

	if (!dev)
		return;
	(void)bound(w, t, dev);
	dev->sectors = w->state[i].runs && t->made != CONTAINER ? 8 : 0;
	free(dev->md_state);
	free(dev->md_level);
	dev->md_state = dev->md_level = NULL;
	if (t->made == ARRAY || t->made == CONTAINER || t->made == VOLUME)
		dev->md_state = strdup(w->state[i].runs && t->made != CONTAINER ? "clean" : "inactive");
	if (t->made == CONTAINER)
		dev->md_level = strdup("container");
	else if (dev->md_state && w->state[i].runs)
		dev->md_level = strdup("raid1");
	if (t->made == LOOP && !dev->file)
		dev->file = strdup(ROOTFILE_HOST "/root.img");
	if (t->made == LV && !dev->dm_uuid) {
		dev->dm_uuid = strdup("LVM-x");
		assert_true(asprintf(&dev->dm_name, "%s-%s", t->group, strrchr(t->name, '-') + 1) > 0);
	}
}

/* As take_uevent() does. */
static inline void announce(struct world *w, size_t i, enum uevent_action action)
{
	char path[64];
	const struct uevent u = {
		.action = action, .devpath = path, .subsystem = "block", .devname = w->things[i].name,
	};

	snprintf(path, sizeof(path), "/devices/%s", w->things[i].name);
	loop_forget(&w->devices, &w->attempts, &u);
	assert_int_equal(devices_apply(&w->devices, -1, &u), 0);
	look_at(w, i);
}

static inline void come(struct world *w, size_t i)
{
	w->state[i].there = w->state[i].runs = true;
	w->state[i].acts = 0;
	w->state[i].is_member = w->state[i].opened = false;
	announce(w, i, UEVENT_ADD);
}

/* The kernel tells of it before the tool that made it ends; plan() does not count on that. */
static inline void come_later(struct world *w, size_t i)
{
	if (w->at_once)
		come(w, i);
	else
		add_event(w, (struct occurrence){ .at = w->now + below(w, 200 * MS), .kind = RUNS, .thing = i });
}

static inline void leave(struct world *w, size_t i)
{
	/* Under a mapping or in an array that runs nothing can be mended by coming again. */
	for (size_t k = 0; k < w->n; k++)
		if (w->state[k].there && stands_on(&w->things[k], w->things[i].name) &&
		    ((w->things[k].made != ARRAY && w->things[k].made != CONTAINER) || w->state[i].is_member))
			return;
	w->state[i].there = false;
	announce(w, i, UEVENT_REMOVE);
}

/* A message without news, as a partition tool or a watch makes it; not while something is done to it. */
static inline void change(struct world *w, size_t i)
{
	for (size_t k = 0; k < w->n_events; k++)
		if (w->events[k].kind == ENDS && w->events[k].thing == i)
			return;
	if (!w->state[i].there)
		return;
	w->state[i].acts &= ~(1U << ACTION_SCAN); /* what it belongs to is asked anew */
	announce(w, i, UEVENT_CHANGE);
}

/* Starts what is on these members. */
static inline void run_array(struct world *w, size_t i)
{
	if (w->things[i].made == ARRAY)
		come_later(w, i);
	for (size_t k = 0; k < w->n; k++)
		if (w->things[k].made == VOLUME && stands_on(&w->things[k], w->things[i].on[0]))
			come_later(w, k);
}

static inline bool assemble(struct world *w, size_t i)
{
	for (size_t k = 0; k < w->n; k++) {
		const struct thing *t = &w->things[k];

		if ((t->made != ARRAY && t->made != CONTAINER) || !stands_on(t, w->things[i].name))
			continue;
		w->state[i].is_member = true;
		if (!w->state[k].there) {
			w->state[k].there = true;
			announce(w, k, UEVENT_ADD);
		}
		look_at(w, k);
		if (bound(w, t, NULL) == members(t) && !w->state[k].runs)
			run_array(w, k);
		return true;
	}
	return false;
}

static inline bool start_array(struct world *w, size_t i)
{
	const struct thing *t = &w->things[i];

	w->degraded = true;
	if (w->state[i].runs) /* the last one came meanwhile */
		return true;
	if (bound(w, t, NULL) < t->enough)
		return false;
	run_array(w, i);
	return true;
}

static inline bool unlock(struct world *w, size_t i)
{
	w->state[i].opened = true;
	for (size_t k = 0; k < w->n; k++) {
		/* A second mapping of that name cannot be made, and must not be tried. */
		if (k != i && w->state[k].opened && streq_null(w->things[k].uuid, w->things[i].uuid))
			fail_msg("%s: %s is opened beside its copy %s", w->stack->name, w->things[i].name,
				 w->things[k].name);
		if (w->things[k].made == CRYPT && stands_on(&w->things[k], w->things[i].name))
			come_later(w, k);
	}
	return true;
}

static inline bool same(const char *a, const char *b)
{
	return a == b || streq_null(a, b);
}

/* Are all the members of that group or file system there? lvm2 remembers those that it saw, even if they went since. */
static inline bool is_whole(const struct world *w, size_t i, bool seen, unsigned int *ret_total)
{
	const struct thing *t = &w->things[i];
	bool whole = true;

	*ret_total = 0;
	for (size_t k = 0; k < w->n; k++) {
		const struct thing *o = &w->things[k];

		if (!same(o->type, t->type) || !same(o->group, t->group) ||
		    !(t->group ? same(o->sub, t->sub) : same(o->uuid, t->uuid)))
			continue;
		whole = whole && (seen && t->group ? w->state[k].online : w->state[k].there && w->state[k].runs);
		whole = whole && w->state[k].online;
		++*ret_total;
	}
	return whole;
}

static inline bool scan(struct world *w, size_t i, struct device *dev)
{
	bool whole;
	unsigned int total;

	w->state[i].online = true;
	whole = is_whole(w, i, true, &total);
	if (!dev)
		return true;
	assert_int_equal(device_set_membership(dev, w->things[i].group, whole, total), 0);
	return true;
}

/* lvm2 leaves a group alone that is there twice, or not whole. */
static inline bool activate(struct world *w, size_t i, const char *subject, bool degraded)
{
	const char *group = w->things[i].group, *rest = startswith(subject, group);
	unsigned int total;

	assert_non_null(rest);
	if (!is_whole(w, i, false, &total) && !degraded)
		return false;
	for (size_t k = 0; k < w->n; k++)
		if (w->state[k].there && same(w->things[k].group, group) && w->things[k].made != LV &&
		    !same(w->things[k].sub, w->things[i].sub))
			return false;
	for (size_t k = 0; k < w->n; k++)
		if (w->things[k].made == LV && streq(w->things[k].group, group) && !w->state[k].there &&
		    (!*rest || endswith(w->things[k].name, rest + 1)))
			come_later(w, k);
	return true;
}

static inline bool perform(struct world *w, const struct occurrence *e, struct device *dev)
{
	switch (e->step.action) {
	case ACTION_ASSEMBLE:
		return assemble(w, e->thing);
	case ACTION_START:
		return start_array(w, e->thing);
	case ACTION_SCAN:
		return scan(w, e->thing, dev);
	case ACTION_ACTIVATE:
		return activate(w, e->thing, e->subject, e->step.degraded);
	case ACTION_ASK:
		w->attempts.secrets++;
		return true;
	case ACTION_KEY:
	case ACTION_UNLOCK:
		return unlock(w, e->thing);
	case ACTION_LOOK:
	case ACTION_PROBE:
	case ACTION_REPORT:
		break;
	}
	fail_msg("%s: no such act", w->stack->name);
	return false;
}
