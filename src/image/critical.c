/* SPDX-License-Identifier: MIT */
/* critical: what a boot was waiting for, from /init's begin to its exec. */
#include <errno.h>

#include "image/critical.h"

struct walk {
	const struct timeline *timeline;
	struct critical *path;
	bool *followed; /* spans whose cause was looked at: recordings may go in circles */
	uint64_t at;    /* what is after it is on the path */
	size_t room;
};

static bool is_own(const struct span *s)
{
	return s->category == SPAN_STAGE || s->category == SPAN_WAIT;
}

/* What /init was in, just before `at`: the one that began last. */
static size_t innermost(const struct walk *w)
{
	const struct timeline *t = w->timeline;
	size_t found = SPAN_NONE;

	for (size_t i = 0; i < t->n && t->spans[i].start < w->at; i++)
		if (is_own(&t->spans[i]) && t->spans[i].end >= w->at)
			found = i;
	return found;
}

/* Since when it was in that: since its begin, or since the last one inside of it ended. */
static uint64_t since(const struct walk *w, size_t inside)
{
	const struct timeline *t = w->timeline;
	uint64_t found = inside == SPAN_NONE ? t->start : t->spans[inside].start;

	for (size_t i = 0; i < t->n && t->spans[i].start < w->at; i++)
		if (is_own(&t->spans[i]) && t->spans[i].end < w->at)
			found = MAX(found, t->spans[i].end);
	return MAX(found, t->start);
}

/* From `start` to where the path is now it goes through that span. */
static int go_back(struct walk *w, size_t span, uint64_t start)
{
	struct critical *c = w->path;

	start = MAX(start, w->timeline->start);
	if (span != SPAN_NONE)
		c->has[span] = true;
	if (start >= w->at)
		return 0;
	if (span != SPAN_NONE)
		c->time[span] += w->at - start;
	else
		c->init += w->at - start;
	if (c->n > 0 && c->steps[c->n - 1].span == span) {
		c->steps[c->n - 1].start = w->at = start;
		return 0;
	}
	if (c->n == w->room) {
		size_t room = MAX(w->room * 2, (size_t)64);
		struct critical_step *grown = reallocarray(c->steps, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		c->steps = grown;
		w->room = room;
	}
	c->steps[c->n++] = (struct critical_step){ span, start, w->at };
	w->at = start;
	return 0;
}

/*
 * Through what ended a wait, and what led to that. Where one had ended long before, while /init was still in another
 * stage, it was not waited for.
 */
static int follow(struct walk *w, size_t wait)
{
	const struct timeline *t = w->timeline;
	int r = 0;

	w->followed[wait] = true;
	for (size_t s = t->spans[wait].cause; r == 0 && s != SPAN_NONE && !w->followed[s]; s = t->spans[s].cause) {
		size_t inside = innermost(w);

		if (w->at <= t->start || t->spans[s].end < since(w, inside))
			return 0;
		w->followed[s] = true;
		r = go_back(w, inside, t->spans[s].end);
		if (r == 0)
			r = go_back(w, s, t->spans[s].start);
	}
	return r;
}

static int walk(struct walk *w)
{
	const struct timeline *t = w->timeline;

	w->at = t->exec;
	while (w->at > t->start) {
		size_t inside = innermost(w);
		uint64_t before = w->at;
		int r = 0;

		if (inside != SPAN_NONE && t->spans[inside].category == SPAN_WAIT && !w->followed[inside])
			r = follow(w, inside);
		if (r == 0 && w->at == before)
			r = go_back(w, inside, since(w, inside));
		if (r < 0)
			return r;
	}
	return 0;
}

static void reverse(struct critical *c)
{
	for (size_t i = 0; i < c->n / 2; i++) {
		struct critical_step swapped = c->steps[i];

		c->steps[i] = c->steps[c->n - 1 - i];
		c->steps[c->n - 1 - i] = swapped;
	}
}

int critical_find(const struct timeline *t, struct critical *ret)
{
	_cleanup_critical_ struct critical c = {
		.time = calloc(t->n + 1, sizeof(*c.time)), .has = calloc(t->n + 1, sizeof(*c.has)),
	};
	_cleanup_free_ bool *followed = calloc(t->n + 1, sizeof(*followed));
	struct walk w = { .timeline = t, .path = &c, .followed = followed };
	int r;

	if (!c.time || !c.has || !followed)
		return -ENOMEM;
	r = walk(&w);
	if (r < 0)
		return r;
	reverse(&c);
	*ret = c;
	c = (struct critical){ 0 };
	return 0;
}

bool critical_is_main(const struct critical *c, const struct timeline *t, size_t span)
{
	return c->has[span] && c->time[span] >= (t->spans[span].end - t->spans[span].start) / 4;
}

size_t critical_rank(const struct critical *c, const struct timeline *t, size_t *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		size_t at = n;

		if (c->time[i] == 0)
			continue;
		while (at > 0 && c->time[ret[at - 1]] < c->time[i])
			at--;
		if (at == max)
			continue;
		n = MIN(n + 1, max);
		memmove(&ret[at + 1], &ret[at], (n - 1 - at) * sizeof(*ret));
		ret[at] = i;
	}
	return n;
}

void critical_free(struct critical *c)
{
	free(c->steps);
	free(c->time);
	free(c->has);
	*c = (struct critical){ 0 };
}
