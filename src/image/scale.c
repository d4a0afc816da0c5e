/* SPDX-License-Identifier: MIT */
/* scale: a time axis: where a moment is drawn. */
#include "image/scale.h"

/* A gap is between times[at] and the next. */
struct gaps {
	size_t broken[SCALE_BREAKS];
	size_t n;
	uint64_t rest; /* all that is not broken, µs */
};

static bool is_broken(const struct gaps *g, size_t at)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->broken[i] == at)
			return true;
	return false;
}

static size_t longest_gap(const struct gaps *g, const uint64_t *times, size_t n)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i + 1 < n; i++)
		if (!is_broken(g, i) &&
		    (found == SIZE_MAX || times[i + 1] - times[i] > times[found + 1] - times[found]))
			found = i;
	return found;
}

static void choose_gaps(const uint64_t *times, size_t n, struct gaps *ret)
{
	*ret = (struct gaps){ .rest = times[n - 1] - times[0] };
	while (ret->n < SCALE_BREAKS) {
		size_t i = longest_gap(ret, times, n);
		uint64_t length = i == SIZE_MAX ? 0 : times[i + 1] - times[i];

		/* What is left must be something. */
		if (length <= ret->rest / 3 || length == ret->rest)
			return;
		ret->broken[ret->n++] = i;
		ret->rest -= length;
	}
}

static void add_piece(struct scale *s, uint64_t from, uint64_t to, double width, bool broken)
{
	double left = s->n > 0 ? s->pieces[s->n - 1].right : s->pieces[0].left;

	if (to > from)
		s->pieces[s->n++] = (struct scale_piece){ from, to, left, left + width, broken };
}

void scale_make(const uint64_t *times, size_t n, double left, double right, double break_width, struct scale *ret)
{
	struct scale s = { .pieces = { { .left = left } } };
	uint64_t from = times[0];
	struct gaps gaps;

	choose_gaps(times, n, &gaps);
	s.per_usec = (right - left - (double)gaps.n * break_width) / (double)gaps.rest;
	for (size_t i = 0; i + 1 < n; i++) {
		if (!is_broken(&gaps, i))
			continue;
		add_piece(&s, from, times[i], (double)(times[i] - from) * s.per_usec, false);
		add_piece(&s, times[i], times[i + 1], break_width, true);
		from = times[i + 1];
	}
	add_piece(&s, from, times[n - 1], (double)(times[n - 1] - from) * s.per_usec, false);
	*ret = s;
}

double scale_at(const struct scale *s, uint64_t time)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct scale_piece *p = &s->pieces[i];

		if (time <= p->from)
			return p->left;
		if (time <= p->to)
			return p->left + (p->right - p->left) * (double)(time - p->from) / (double)(p->to - p->from);
	}
	return s->pieces[s->n - 1].right;
}

uint64_t scale_step(const struct scale *s, double apart)
{
	for (uint64_t power = 1;; power *= 10)
		for (size_t i = 0; i < 3; i++) {
			static const uint64_t nice[] = { 1, 2, 5 };

			if ((double)(nice[i] * power) * s->per_usec >= apart || power >= (uint64_t)1e15)
				return nice[i] * power;
		}
}
