/* SPDX-License-Identifier: MIT */
/* axis: the marks of a time axis in a picture, and its breaks. */
#include "image/axis.h"
#include "image/duration.h"
#include "image/lane.h"
#include "image/svg.h"

#define APART 62.0 /* marks, at least: "1.25 s" has room */
#define TOOTH 5.0

/* The first mark at or behind `time`. */
static int64_t first_mark(uint64_t time, uint64_t origin, uint64_t step)
{
	int64_t from = (int64_t)(time - origin), s = (int64_t)step;

	return from <= 0 ? -(-from / s) * s : (from + s - 1) / s * s;
}

static double draw_mark(FILE *f, int64_t at, uint64_t step, double x, double top, double bottom, double free_from)
{
	struct duration text = duration_mark(at, step);
	double width = svg_width(text.text, LANE_EM), left = MAX(LANE_LEFT, MIN(x - width / 2, LANE_RIGHT - width));

	(void)fprintf(f, "<path class=\"%s\" d=\"M%.1f %.1fV%.1f\"/>\n", at == 0 ? "zero" : "grid", x, top, bottom);
	if (left < free_from)
		return free_from;
	svg_text(f, "t", left, top - 6, text.text);
	return left + width + 8;
}

void axis_draw(FILE *f, const struct scale *s, uint64_t origin, double top, double bottom)
{
	uint64_t step = scale_step(s, APART);
	double free_from = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct scale_piece *p = &s->pieces[i];

		for (int64_t at = first_mark(p->from, origin, step);
		     !p->broken && at + (int64_t)origin <= (int64_t)p->to; at += (int64_t)step)
			free_from = draw_mark(f, at, step, scale_at(s, (uint64_t)(at + (int64_t)origin)), top, bottom,
					      free_from);
	}
	(void)fprintf(f, "<path class=\"line\" d=\"M%.1f %.1fH%.1f\"/>\n", LANE_LEFT, top, LANE_RIGHT);
}

/* A zigzag line from top to bottom, as path commands; `down` or back up. */
static void zigzag(FILE *f, double x, double from, double to)
{
	double step = from < to ? TOOTH : -TOOTH;
	size_t n = (size_t)((to - from) / step);

	for (size_t i = 1; i <= n; i++)
		(void)fprintf(f, "L%.1f %.1f", x + (i % 2 ? TOOTH / 2 : -TOOTH / 2), from + (double)i * step);
	(void)fprintf(f, "L%.1f %.1f", x, to);
}

static void draw_break(FILE *f, const struct scale_piece *p, double top, double bottom)
{
	double middle = (p->left + p->right) / 2, left = middle - TOOTH, right = middle + TOOTH;
	struct duration text = duration_short(p->to - p->from);

	(void)fprintf(f, "<path class=\"torn\" d=\"M%.1f %.1f", left, top);
	zigzag(f, left, top, bottom);
	(void)fprintf(f, "L%.1f %.1f", right, bottom);
	zigzag(f, right, bottom, top);
	(void)fprintf(f, "Z\"/>\n<path class=\"cut\" d=\"M%.1f %.1f", left, top);
	zigzag(f, left, top, bottom);
	(void)fprintf(f, "M%.1f %.1f", right, top);
	zigzag(f, right, top, bottom);
	(void)fprintf(f, "\"/>\n");
	svg_text(f, "t i m", middle, top - 28, text.text);
	(void)fprintf(f, "<path class=\"line\" d=\"M%.1f %.1fV%.1fM%.1f %.1fV%.1fM%.1f %.1fH%.1f\"/>\n", p->left,
		      top - 25, top - 19, p->right, top - 25, top - 19, p->left, top - 22, p->right);
}

void axis_draw_breaks(FILE *f, const struct scale *s, double top, double bottom)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->pieces[i].broken)
			draw_break(f, &s->pieces[i], top, bottom);
}
