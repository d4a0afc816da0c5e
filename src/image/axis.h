/* SPDX-License-Identifier: MIT */
/* axis: the marks of a time axis in a picture, and its breaks. */
#pragma once

#include "image/scale.h"

#define AXIS_HEIGHT 46.0

/* Marks that count from `origin`, with lines down to `bottom`. The words are above `top`, in AXIS_HEIGHT. */
void axis_draw(FILE *f, const struct scale *s, uint64_t origin, double top, double bottom);

/* The breaks, over what is drawn: a torn gap from `top` to `bottom`, and how much time it leaves out. */
void axis_draw_breaks(FILE *f, const struct scale *s, double top, double bottom);
