/* SPDX-License-Identifier: MIT */
/* cause: which span led to which. */
#include "init/cause.h"

#include "base/macro.h"

#define KIND(kind) (1U << (kind))
#define OF_DEVICES (KIND(SPAN_DEVICE) | KIND(SPAN_HELPER) | KIND(SPAN_WORKER) | KIND(SPAN_QUESTION))

/* What is looked for before a span: the last to end by `by`, among `kinds`. */
struct question {
	unsigned int kinds;
	const char *device; /* about this; NULL: about whatever */
	bool or_none;       /* or about none: what is unpacked is for all */
	bool none;          /* about none alone */
	uint64_t by;
	bool or_running;    /* what has not ended by then counts too, before all that has */
};

static bool is_about(const struct span *s, const struct question *q)
{
	if (!s->device)
		return !q->device || q->or_none;
	return !q->none && (!q->device || streq(s->device, q->device));
}

/* The later of two: what has ended last, and of what still runs what was begun last. */
static uint64_t moment(const struct span *s, const struct question *q)
{
	bool ended = s->end > 0 && s->end <= q->by;

	if (s->start > q->by || !(KIND(s->kind) & q->kinds) || !is_about(s, q))
		return 0;
	if (ended)
		return s->end;
	/* Above every end: a start is at least 1. */
	return q->or_running ? q->by + s->start : 0;
}

static int find_last(const struct profile *p, int but, const struct question *q)
{
	uint64_t best = 0;
	int found = -1;

	for (size_t i = 0; i < p->n; i++) {
		uint64_t at = (int)i == but ? 0 : moment(&p->spans[i], q);

		if (at > 0 && at >= best) {
			best = at;
			found = (int)i;
		}
	}
	return found;
}

/* Put together by a tool, not found by a driver. */
static bool is_put_together(const char *name)
{
	static const char *const prefixes[] = { "dm-", "md", "loop" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (startswith(name, prefixes[i]))
			return true;
	return false;
}

int cause_of(const struct profile *p, int id)
{
	const struct span *s = &p->spans[id];
	struct question q = { .by = s->start };
	int found;

	switch (s->kind) {
	case SPAN_STAGE:
		q.kinds = KIND(SPAN_STAGE) | KIND(SPAN_WAIT);
		break;
	case SPAN_WAIT:
		if (!s->device)
			return -1;
		q.by = s->end;
		q.kinds = OF_DEVICES;
		q.device = s->device;
		break;
	case SPAN_MODULE:
		q.kinds = KIND(SPAN_MODULE) | KIND(SPAN_WORKER);
		q.none = true;
		break;
	case SPAN_DEVICE:
		q.kinds = KIND(is_put_together(s->device) ? SPAN_HELPER : SPAN_MODULE);
		q.or_running = true;
		break;
	default:
		q.kinds = OF_DEVICES | (s->device ? 0 : KIND(SPAN_MODULE));
		q.device = s->device;
		q.or_none = s->kind != SPAN_WORKER;
		break;
	}
	found = find_last(p, id, &q);
	/* Nobody waited for the first module: a stage asked for it. */
	if (found < 0 && s->kind == SPAN_MODULE) {
		q.kinds = KIND(SPAN_STAGE);
		found = find_last(p, id, &q);
	}
	return found;
}
