/* SPDX-License-Identifier: MIT */
/* lane: the spans of one kind in a picture. */
#include <errno.h>

#include "base/buffer.h"
#include "image/duration.h"
#include "image/lane.h"
#include "image/svg.h"

#define LABELS_MAX   24    /* of a lane: more than that nobody reads */
#define LABEL_WIDTH  330.0
#define BAR_MIN      3.0   /* what took no time is to be seen all the same */
#define MARK         6.0   /* half of an arrival's diamond */
#define CLOSE        3.0   /* arrivals that are no farther from each other are one mark */
#define GAP          4.0

static int collect_spans(const struct timeline *t, unsigned int categories, struct lane *l)
{
	l->spans = calloc(t->n + 1, sizeof(*l->spans));
	if (!l->spans)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++)
		if (categories & 1U << t->spans[i].category)
			l->spans[l->n_spans++] = i;
	return 0;
}

/* Has another of them that name, which comes first? A mapping comes twice: when it is made, and with its table. */
static bool came_before(const struct timeline *t, const struct critical *c, const size_t *spans, size_t n, size_t of)
{
	for (size_t i = 0; i < n; i++)
		if (streq(t->spans[spans[i]].name, t->spans[spans[of]].name) &&
		    c->has[spans[i]] + (i < of) > c->has[spans[of]])
			return true;
	return false;
}

/* The names of arrivals, those on the critical path first, and how many there are. NULL: out of memory. */
static char *join_names(const struct timeline *t, const struct critical *c, const size_t *spans, size_t n,
			size_t *ret_names)
{
	_cleanup_buffer_ struct buffer b = { 0 };

	*ret_names = 0;

	for (int pass = 1; pass >= 0; pass--)
		for (size_t i = 0; i < n; i++) {
			const char *name = t->spans[spans[i]].name;

			if (c->has[spans[i]] != pass || came_before(t, c, spans, n, i))
				continue;
			++*ret_names;
			if ((b.size > 0 && buffer_append(&b, " ", 1) < 0) || buffer_append(&b, name, strlen(name)) < 0)
				return NULL;
		}
	return buffer_append(&b, "", 1) < 0 ? NULL : TAKE_PTR(b.data);
}

/* "vda vda1 vda2", "virtio_blk 10.1 ms", "sda sdb sdc s… (24)" */
static char *make_label(const struct timeline *t, const struct critical *c, const size_t *spans, size_t n)
{
	const struct span *s = &t->spans[spans[0]];
	size_t number;
	_cleanup_free_ char *names = join_names(t, c, spans, n, &number), *name = NULL;
	char end[48] = "", *text;

	if (!names)
		return NULL;
	if (!s->instant)
		(void)snprintf(end, sizeof(end), " %s", duration_short(s->end - s->start).text);
	else if (number > 1 && svg_width(names, LANE_EM) > LABEL_WIDTH)
		(void)snprintf(end, sizeof(end), " (%zu)", number);
	name = svg_shorten(names, LANE_EM, LABEL_WIDTH);
	return name && asprintf(&text, "%s%s", name, end) >= 0 ? text : NULL;
}

static int add_item(const struct timeline *t, const struct critical *c, const struct scale *s, struct lane *l,
		    size_t first, size_t n)
{
	const struct span *span = &t->spans[l->spans[first]], *last = &t->spans[l->spans[first + n - 1]];
	struct lane_item *item = &l->items[l->n];
	struct placed *p = &l->placed[l->n];
	double left = scale_at(s, span->start), right = scale_at(s, span->end);

	*item = (struct lane_item){ .first = first, .n = n, .label = make_label(t, c, &l->spans[first], n) };
	if (!item->label)
		return -ENOMEM;
	for (size_t i = first; i < first + n; i++)
		item->critical |= critical_is_main(c, t, l->spans[i]);
	l->n++;
	*p = (struct placed){ .left = left, .right = MAX(right, left + BAR_MIN), .important = item->critical };
	if (span->instant)
		*p = (struct placed){ .left = left - MARK, .right = scale_at(s, last->start) + MARK,
				      .important = item->critical };
	p->text = svg_width(item->label, LANE_EM) * (item->critical ? 1.06 : 1); /* bold */
	return 0;
}

static int add_items(const struct timeline *t, const struct critical *c, const struct scale *s, struct lane *l)
{
	l->items = calloc(l->n_spans + 1, sizeof(*l->items));
	l->placed = calloc(l->n_spans + 1, sizeof(*l->placed));
	if (!l->items || !l->placed)
		return -ENOMEM;
	for (size_t i = 0, n; i < l->n_spans; i += n) {
		const struct span *first = &t->spans[l->spans[i]];

		for (n = 1; first->instant && i + n < l->n_spans && t->spans[l->spans[i + n]].instant; n++)
			if (scale_at(s, t->spans[l->spans[i + n]].start) - scale_at(s, first->start) > CLOSE)
				break;
		if (add_item(t, c, s, l, i, n) < 0)
			return -ENOMEM;
	}
	return 0;
}

int lane_make(const struct timeline *t, const struct critical *c, const struct scale *s, const char *title,
	      unsigned int categories, struct lane *ret)
{
	static const struct placement placement = {
		.left = LANE_LEFT, .right = LANE_RIGHT, .gap = GAP, .labels = LABELS_MAX,
	};
	struct lane l = { .title = title };
	int r = collect_spans(t, categories, &l);

	if (r == 0)
		r = add_items(t, c, s, &l);
	if (r < 0) {
		lane_free(&l);
		return r;
	}
	l.rows = placement_make(&placement, l.placed, l.n);
	*ret = l;
	return 0;
}

double lane_height(const struct lane *l)
{
	return LANE_HEAD + LANE_ROW * (double)l->rows + 6;
}

static double bar_top(const struct lane *l, size_t item)
{
	return l->top + LANE_HEAD + LANE_ROW * (double)l->placed[item].row;
}

double lane_bar_of(const struct lane *l, size_t span)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->items[i].n; k++)
			if (l->spans[l->items[i].first + k] == span)
				return bar_top(l, i);
	return -1;
}

static void draw_title(FILE *f, const struct span *s, const char *label, uint64_t since)
{
	(void)fputs("<title>", f);
	svg_escape(f, span_categories[s->category]);
	(void)fputc(' ', f);
	svg_escape(f, label);
	(void)fprintf(f, ", from %.2f ms</title>", ((double)s->start - (double)since) / 1e3);
}

static void draw_bar(FILE *f, const struct lane *l, size_t i, const struct timeline *t)
{
	const struct lane_item *item = &l->items[i];
	const struct span *s = &t->spans[l->spans[item->first]];
	const struct placed *p = &l->placed[i];
	double top = bar_top(l, i), middle = top + LANE_BAR / 2;

	(void)fprintf(f, "<g class=\"%s%s\">", span_categories[s->category], item->critical ? " on" : "");
	draw_title(f, s, item->label, t->start);
	if (s->instant)
		(void)fprintf(f, "<path d=\"M%.1f %.1fL%.1f %.1fH%.1fL%.1f %.1fL%.1f %.1fH%.1fZ\"/>", p->left, middle,
			      p->left + MARK, top + 1, p->right - MARK, p->right, middle, p->right - MARK,
			      top + LANE_BAR - 1, p->left + MARK);
	else
		(void)fprintf(f, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", p->left, top,
			      p->right - p->left, LANE_BAR);
	(void)fputs("</g>\n", f);
}

/* Those on the critical path last: a frame is not to be covered. */
void lane_draw_bars(FILE *f, const struct lane *l, const struct timeline *t)
{
	for (int critical = 0; critical <= 1; critical++)
		for (size_t i = 0; i < l->n; i++)
			if (l->items[i].critical == critical)
				draw_bar(f, l, i, t);
}

void lane_draw_labels(FILE *f, const struct lane *l)
{
	size_t unnamed = 0;
	char title[128];

	for (size_t i = 0; i < l->n; i++) {
		unnamed += !l->placed[i].labelled;
		if (l->placed[i].labelled)
			svg_text(f, l->items[i].critical ? "l b" : "l", l->placed[i].text_left,
				 bar_top(l, i) + LANE_BAR - 2, l->items[i].label);
	}
	(void)snprintf(title, sizeof(title), "%s", l->title);
	if (unnamed > 0)
		(void)snprintf(title, sizeof(title), "%s; %zu in the last row are not named", l->title, unnamed);
	svg_text(f, "h", LANE_LEFT, l->top + 18, title);
}

void lane_free(struct lane *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].label);
	free(l->spans);
	free(l->items);
	free(l->placed);
	*l = (struct lane){ 0 };
}
