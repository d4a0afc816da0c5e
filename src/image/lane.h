/* SPDX-License-Identifier: MIT */
/* lane: the spans of one kind in a picture: a heading, and rows of bars with their labels. */
#pragma once

#include "image/critical.h"
#include "image/placement.h"
#include "image/scale.h"

/* Units of the picture, which is LANE_RIGHT + LANE_LEFT wide: on a phone of 400 pixels a letter is 11 high. */
#define LANE_LEFT  10.0
#define LANE_RIGHT 550.0
#define LANE_EM    15.0
#define LANE_ROW   22.0
#define LANE_BAR   15.0
#define LANE_HEAD  24.0

/* One bar; of arrivals that lie too close to be told apart, several. */
struct lane_item {
	size_t first, n; /* in lane.spans */
	char *label;
	bool critical;
};

struct lane {
	const char *title;
	size_t *spans; /* of the timeline, those of this lane */
	size_t n_spans;
	struct lane_item *items;
	struct placed *placed; /* of each item */
	size_t n, rows;
	double top;            /* where its heading begins */
};

/* A set of categories: 1 << SPAN_STAGE | … 0, which may leave it without an item, or -ENOMEM. The caller frees. */
int lane_make(const struct timeline *t, const struct critical *c, const struct scale *s, const char *title,
	      unsigned int categories, struct lane *ret);

double lane_height(const struct lane *l);

/* The upper edge of the bar of that span, or a negative number where it has none here. */
double lane_bar_of(const struct lane *l, size_t span);

void lane_draw_bars(FILE *f, const struct lane *l, const struct timeline *t);
void lane_draw_labels(FILE *f, const struct lane *l);
void lane_free(struct lane *l);
