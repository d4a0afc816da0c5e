/* SPDX-License-Identifier: MIT */
/* strip: a critical path in a picture: one bar of all its steps, and a list of the longest. */
#pragma once

#include "image/critical.h"
#include "image/scale.h"

#define STRIP_HEIGHT 26.0
#define STRIP_LINE   22.0 /* of the list */
#define STRIP_NAMED  9

struct strip {
	const struct timeline *timeline;
	const struct critical *critical;
	size_t named[STRIP_NAMED]; /* spans, the longest on the path first */
	size_t n;
};

void strip_make(const struct timeline *t, const struct critical *c, struct strip *ret);

/* The kernel's part, each step, and the exec. */
void strip_draw(FILE *f, const struct strip *s, const struct scale *scale, double top);

/* The numbers that steps have in the list, where they have room, and what the ends are. */
void strip_draw_labels(FILE *f, const struct strip *s, const struct scale *scale, double top);

/* How high it is. */
double strip_draw_list(FILE *f, const struct strip *s, double top);
