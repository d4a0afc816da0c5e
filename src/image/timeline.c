/* SPDX-License-Identifier: MIT */
/* timeline: what a boot did when: spans, as /init has recorded them. */
#include <errno.h>

#include "image/timeline.h"

const char *const span_categories[SPAN_CATEGORIES] = {
	[SPAN_STAGE] = "stage",   [SPAN_WAIT] = "wait",     [SPAN_QUESTION] = "question", [SPAN_MODULE] = "module",
	[SPAN_DEVICE] = "device", [SPAN_HELPER] = "helper", [SPAN_WORKER] = "worker",
};

uint64_t timeline_end(const struct timeline *t)
{
	return t->userspace == USEC_FOREVER ? t->exec : t->userspace;
}

/* What contains another comes before it; of equals, the one that was recorded first. */
static int compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

struct numbered {
	int64_t id;
	size_t at;
};

static int compare_ids(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* A cause that was dropped is none. -EEXIST: two spans have one number. */
static int find_causes(struct timeline *t)
{
	_cleanup_free_ struct numbered *ids = calloc(t->n + 1, sizeof(*ids));
	size_t n = 0;

	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++)
		if (t->spans[i].id >= 0)
			ids[n++] = (struct numbered){ t->spans[i].id, i };
	qsort(ids, n, sizeof(*ids), compare_ids);
	for (size_t i = 1; i < n; i++)
		if (ids[i].id == ids[i - 1].id)
			return -EEXIST;
	for (size_t i = 0; i < t->n; i++) {
		struct span *s = &t->spans[i];
		const struct numbered *found = bsearch(&(struct numbered){ .id = s->cause_id }, ids, n, sizeof(*ids),
						       compare_ids);

		s->cause = s->cause_id >= 0 && found && found->at != i ? found->at : SPAN_NONE;
	}
	return 0;
}

static bool contains_others(enum span_category category)
{
	return category == SPAN_STAGE || category == SPAN_WAIT || category == SPAN_QUESTION;
}

/* Those that are open when one begins stand on a stack of ends. */
static int find_depths(struct timeline *t)
{
	_cleanup_free_ uint64_t *ends = calloc(t->n + 1, sizeof(*ends));
	unsigned int depth = 0;

	if (!ends)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++) {
		struct span *s = &t->spans[i];

		while (depth > 0 && (ends[depth - 1] < s->start || (ends[depth - 1] == s->start && !s->instant)))
			depth--;
		s->depth = depth;
		if (contains_others(s->category) && s->end > s->start)
			ends[depth++] = s->end;
	}
	return 0;
}

int timeline_settle(struct timeline *t)
{
	int r;

	if (t->n > 0)
		qsort(t->spans, t->n, sizeof(*t->spans), compare_spans);
	r = find_causes(t);
	return r < 0 ? r : find_depths(t);
}

void timeline_close(struct timeline *t, uint64_t userspace)
{
	if (userspace >= t->exec && userspace != USEC_FOREVER)
		t->userspace = userspace;
}

uint64_t timeline_busy(const struct timeline *t, enum span_category category)
{
	uint64_t sum = 0, until = t->start;

	for (size_t i = 0; i < t->n; i++) {
		uint64_t start = MAX(t->spans[i].start, until), end = MIN(t->spans[i].end, t->exec);

		if (t->spans[i].category != category || end <= start)
			continue;
		sum += end - start;
		until = end;
	}
	return sum;
}

void timeline_free(struct timeline *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->spans[i].name);
	free(t->spans);
	free(t->version);
	free(t->kernel);
	free(t->root);
	*t = (struct timeline){ 0 };
}
