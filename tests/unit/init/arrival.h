/* SPDX-License-Identifier: MIT */
/*
 * arrival: plan() is asked and followed as await_device() does it, in the machine of model.h and in a time of its own.
 * Whatever step makes no sense there fails the test at once.
 */
#pragma once

#include "model.h"

/* As act_done() does: a result about a state of the device that is over counts for nothing. */
static inline void end_act(struct world *w, const struct occurrence *e)
{
	struct device *dev = devices_find(&w->devices, w->things[e->thing].name);
	bool fresh = dev && dev->announced == e->announced, done;

	if (!w->state[e->thing].there && e->step.action != ACTION_ASK)
		done = false;
	else
		done = perform(w, e, fresh ? dev : NULL);
	if (!fresh && streq(e->subject, w->things[e->thing].name))
		return;
	if (done)
		assert_int_equal(attempts_done(&w->attempts, e->subject, e->step.action, w->now), 0);
	else
		assert_int_equal(attempts_failed(&w->attempts, e->subject, e->step.action, w->now), 0);
}

static inline char *copy_of(const char *s)
{
	return s ? strdup(s) : NULL;
}

static inline void end_reading(struct world *w, const struct occurrence *e)
{
	const struct thing *t = &w->things[e->thing];
	struct device *dev = devices_find(&w->devices, t->name);
	struct tags tags;

	if (!dev || dev->announced != e->announced)
		return;
	/* One in ten fails, but for once. */
	if (w->flaws && below(w, 10) == 0 && attempts_get(&w->attempts, t->name, ACTION_PROBE)->failed == 0) {
		dev->probe = PROBE_FAILED;
		assert_int_equal(attempts_failed(&w->attempts, t->name, ACTION_PROBE, w->now), 0);
		return;
	}
	tags = (struct tags){
		.type = copy_of(t->type), .usage = copy_of(t->usage), .uuid = copy_of(t->uuid),
		.sub_uuid = t->group ? NULL : copy_of(t->sub), /* a PV does not tell its group's */
	};
	device_set_tags(dev, &tags, w->now);
}

static inline void end_comparing(struct world *w, const struct occurrence *e)
{
	struct device *dev = devices_find(&w->devices, w->things[e->thing].name);

	if (!dev || dev->announced != e->announced)
		return;
	dev->probe = PROBE_NONE;
	dev->compared = e->match;
	dev->alike = e->alike;
}

static inline void happen(struct world *w, const struct occurrence *e)
{
	static void (*const ends[])(struct world *w, const struct occurrence *e) = {
		[IS_READ] = end_reading, [IS_COMPARED] = end_comparing, [ENDS] = end_act,
	};

	if (e->kind == ARRIVES || (e->kind == RETURNS && !w->state[e->thing].there))
		come(w, e->thing);
	else if (e->kind == RETURNS)
		return;
	else if (e->kind == CHANGES)
		change(w, e->thing);
	else if (e->kind == LEAVES)
		leave(w, e->thing);
	else if (e->kind == RUNS) /* a mapping is announced twice: by its making, and with its table */
		come(w, e->thing);
	else
		ends[e->kind](w, e);
}

/* Time passes up to what happens next, or to `wake_at`. */
static inline void pass_time(struct world *w, uint64_t wake_at)
{
	uint64_t next = wake_at;

	for (size_t i = 0; i < w->n_events; i++)
		next = MIN(next, w->events[i].at);
	if (next == NEVER)
		fail_msg("%s: sleeps for ever", w->stack->name);
	w->now = MAX(w->now, next);
	for (size_t i = w->n_events; i-- > 0;)
		if (w->events[i].at <= w->now) {
			const struct occurrence e = w->events[i];

			w->events[i] = w->events[--w->n_events];
			happen(w, &e);
		}
}

static inline void begin_act(struct world *w, const struct step *step)
{
	const char *subject = step->subject ? step->subject : step->device->name;
	size_t i = thing_of(w, step->device->name);
	struct occurrence e = {
		.at = w->now + 1 + below(w, step->action == ACTION_ASK ? 5 * SEC : SEC / 2), .kind = ENDS, .thing = i,
		.announced = step->device->announced, .step = *step,
	};

	snprintf(e.subject, sizeof(e.subject), "%s", subject);
	if (attempts_get(&w->attempts, subject, step->action)->running)
		fail_msg("%s: act %d on %s runs already", w->stack->name, step->action, subject);
	if (step->action != ACTION_ACTIVATE && (w->state[i].acts & 1U << step->action))
		fail_msg("%s: act %d on %s a second time", w->stack->name, step->action, subject);
	w->state[i].acts |= 1U << step->action;
	assert_int_equal(attempts_running(&w->attempts, subject, step->action, w->now), 0);
	add_event(w, e);
}

/* As compare.c does it, but for the order of the answers. */
static inline void begin_comparing(struct world *w, const struct want *want, const struct device *match)
{
	size_t n = 0;

	for (size_t i = 0; i < w->devices.n; i++) {
		struct device *dev = w->devices.items[i];
		const struct thing *t = &w->things[thing_of(w, dev->name)];

		if (!plan_compares(want, &w->devices, &w->attempts, match, dev))
			continue;
		add_event(w, (struct occurrence){
			.at = w->now + 1 + below(w, 200 * MS), .kind = IS_COMPARED, .thing = thing_of(w, dev->name),
			.announced = dev->announced, .match = match->announced,
			.alike = streq_null(t->type, match->tags.type) && streq_null(t->uuid, match->tags.uuid),
		});
		n++;
	}
	for (size_t i = w->n_events - n; i < w->n_events; i++)
		devices_find(&w->devices, w->things[w->events[i].thing].name)->probe = PROBE_COMPARING;
	if (n == 0)
		fail_msg("%s: nothing is to be compared", w->stack->name);
}

static inline void holds(const struct world *w, const struct step *step)
{
	const struct device *dev = step->device;
	unsigned int total;

	if (dev && devices_find(&w->devices, dev->name) != dev)
		fail_msg("%s: a step of kind %d on what is not there", w->stack->name, step->kind);
	if (dev && !w->state[thing_of(w, dev->name)].there)
		fail_msg("%s: a step of kind %d on %s, which is gone", w->stack->name, step->kind, dev->name);
	if (step->kind == STEP_FOUND && streq_null(dev->tags.type, "btrfs") &&
	    !is_whole(w, thing_of(w, dev->name), false, &total))
		fail_msg("%s: found, but not all of its devices are there", w->stack->name);
	if (step->kind == STEP_WAIT && step->wake_at <= w->now)
		fail_msg("%s: it does not sleep", w->stack->name);
	if (step->kind == STEP_PROBE && (dev->probe == PROBE_RUNNING || dev->probe == PROBE_DONE))
		fail_msg("%s: %s is read a second time", w->stack->name, dev->name);
}

static inline void tell(struct world *w, const struct want *want)
{
	_cleanup_free_ char *text = obstacles_describe(&w->stack->boot, want->spec, &w->devices, &w->attempts);

	snprintf(w->told, sizeof(w->told), "%s", text);
}

/* What await_device() would come to; `*ret_name` where something was found. */
static inline enum step_kind await(struct world *w, const char *what, const char *root, const char **ret_name)
{
	_cleanup_(spec_free) struct spec spec = { 0 };
	struct want want = { .what = what, .spec = &spec, .since = w->now, .deadline = w->now + DEADLINE };
	struct step step;

	if (streq(root, "loop"))
		spec = (struct spec){ .kind = SPEC_INSIDE, .value = strdup("root.img"), .text = strdup(root) };
	else
		assert_int_equal(spec_parse(root, &spec), 0);
	for (unsigned int calls = 0;; calls++) {
		if (calls > 600)
			fail_msg("%s: no end", w->stack->name);
		plan(&w->stack->boot, &want, &w->devices, &w->attempts, w->now, &step);
		holds(w, &step);
		if (step.kind == STEP_PROBE) {
			devices_find(&w->devices, step.device->name)->probe = PROBE_RUNNING;
			add_event(w, (struct occurrence){ .at = w->now + 1 + below(w, 200 * MS), .kind = IS_READ,
						     .thing = thing_of(w, step.device->name),
						     .announced = step.device->announced });
		} else if (step.kind == STEP_COMPARE) {
			begin_comparing(w, &want, step.device);
		} else if (step.kind == STEP_ACT) {
			begin_act(w, &step);
		} else if (step.kind == STEP_REPORT) {
			tell(w, &want);
			assert_int_equal(attempts_done(&w->attempts, what, ACTION_REPORT, w->now), 0);
		} else if (step.kind == STEP_WAIT) {
			pass_time(w, step.wake_at);
		} else {
			break;
		}
	}
	tell(w, &want);
	*ret_name = step.kind == STEP_FOUND ? w->things[thing_of(w, step.device->name)].name : "";
	return step.kind;
}

static inline void open_world(struct world *w, const struct stack *stack, uint64_t seed)
{
	*w = (struct world){
		.stack = stack, .flaws = true, .now = 1000 * SEC, .seed = seed * 2654435761 + 88172645463325252,
	};
	for (; w->n < ARRAY_SIZE(stack->things) && stack->things[w->n].name; w->n++)
		w->things[w->n] = stack->things[w->n];
}

static inline void close_world(struct world *w)
{
	devices_free(&w->devices);
	attempts_free(&w->attempts);
}
