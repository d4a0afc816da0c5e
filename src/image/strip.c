/* SPDX-License-Identifier: MIT */
/* strip: a critical path in a picture. */
#include "image/duration.h"
#include "image/lane.h"
#include "image/strip.h"
#include "image/svg.h"

#define TIME_RIGHT  450.0 /* where the columns of the list end */
#define SHARE_RIGHT 515.0

void strip_make(const struct timeline *t, const struct critical *c, struct strip *ret)
{
	*ret = (struct strip){ .timeline = t, .critical = c };
	ret->n = critical_rank(c, t, ret->named, ARRAY_SIZE(ret->named));
}

/* 1 … 9, or 0. */
static size_t number_of(const struct strip *s, size_t span)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->named[i] == span)
			return i + 1;
	return 0;
}

static void draw_box(FILE *f, const char *class, const struct scale *scale, uint64_t from, uint64_t to, double top)
{
	double left = scale_at(scale, from), right = scale_at(scale, to);

	(void)fprintf(f, "<g class=\"%s\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/></g>\n", class,
		      left, top, MAX(right - left, 0.4), STRIP_HEIGHT);
}

static void draw_number(FILE *f, size_t number, double x, double top)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%zu", number);
	(void)fprintf(f, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"9.5\"/>\n", x, top + STRIP_HEIGHT / 2);
	svg_text(f, "n m", x, top + STRIP_HEIGHT / 2 + 5, text);
}

void strip_draw(FILE *f, const struct strip *s, const struct scale *scale, double top)
{
	const struct timeline *t = s->timeline;
	const struct critical *c = s->critical;

	draw_box(f, "kernel", scale, 0, t->start, top);
	for (size_t i = 0; i < c->n; i++) {
		const struct critical_step *step = &c->steps[i];

		draw_box(f, step->span == SPAN_NONE ? "init on" : span_categories[t->spans[step->span].category], scale,
			 step->start, step->end, top);
	}
	if (timeline_end(t) > t->exec)
		draw_box(f, "exec", scale, t->exec, timeline_end(t), top);
	(void)fprintf(f, "<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
		      scale_at(scale, t->start), top, scale_at(scale, t->exec) - scale_at(scale, t->start),
		      STRIP_HEIGHT);
}

static void draw_word(FILE *f, const char *word, double left, double right, double top)
{
	if (right - left >= svg_width(word, LANE_EM))
		svg_text(f, "l m", (left + right) / 2, top + STRIP_HEIGHT / 2 + 5, word);
}

void strip_draw_labels(FILE *f, const struct strip *s, const struct scale *scale, double top)
{
	const struct timeline *t = s->timeline;
	const struct critical *c = s->critical;
	double free_from = 0;

	for (size_t i = 0; i < c->n; i++) {
		size_t number = c->steps[i].span == SPAN_NONE ? 0 : number_of(s, c->steps[i].span);
		double left = scale_at(scale, c->steps[i].start), right = scale_at(scale, c->steps[i].end);

		if (number == 0 || right - left < 12 || (left + right) / 2 - 10 < free_from)
			continue;
		draw_number(f, number, (left + right) / 2, top);
		free_from = (left + right) / 2 + 10;
	}
	draw_word(f, "kernel", LANE_LEFT, scale_at(scale, t->start), top);
	draw_word(f, "exec", scale_at(scale, t->exec), scale_at(scale, timeline_end(t)), top);
}

static void draw_line(FILE *f, const struct strip *s, size_t number, const char *name, uint64_t time, double y)
{
	uint64_t all = s->timeline->exec - s->timeline->start;
	char share[16];

	if (time > 0 && time < all / 200)
		(void)snprintf(share, sizeof(share), "< 1 %%");
	else
		(void)snprintf(share, sizeof(share), "%.0f %%", all > 0 ? 100.0 * (double)time / (double)all : 0.0);
	if (number > 0)
		draw_number(f, number, LANE_LEFT + 11, y - 5 - STRIP_HEIGHT / 2);
	svg_text(f, "t", LANE_LEFT + 28, y, name);
	svg_text(f, "t e", TIME_RIGHT, y, duration_short(time).text);
	svg_text(f, "t e", SHARE_RIGHT, y, share);
}

double strip_draw_list(FILE *f, const struct strip *s, double top)
{
	const struct timeline *t = s->timeline;
	uint64_t rest = t->exec - t->start;
	double y = top;

	for (size_t i = 0; i < s->n; i++) {
		const struct span *span = &t->spans[s->named[i]];
		_cleanup_free_ char *text = NULL, *name = NULL;

		if (asprintf(&text, "%s: %s", span_categories[span->category], span->name) >= 0)
			name = svg_shorten(text, LANE_EM, TIME_RIGHT - LANE_LEFT - 110);
		y += STRIP_LINE;
		draw_line(f, s, i + 1, name ?: "", s->critical->time[s->named[i]], y);
		rest -= s->critical->time[s->named[i]];
	}
	if (rest > 0) {
		y += STRIP_LINE;
		draw_line(f, s, 0, "all else, and init between its stages", rest, y);
	}
	return y - top;
}
