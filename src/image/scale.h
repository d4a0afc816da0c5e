/* SPDX-License-Identifier: MIT */
/* scale: a time axis: where a moment is drawn. A long time in which nothing begins or ends is drawn short: a break. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

#define SCALE_BREAKS 6

struct scale_piece {
	uint64_t from, to; /* µs */
	double left, right;
	bool broken;
};

/* Two breaks never touch but where a moment divides them, so there is at most one more piece on each side. */
struct scale {
	struct scale_piece pieces[2 * SCALE_BREAKS + 1];
	size_t n;
	double per_usec; /* outside of breaks */
};

/*
 * From the first to the last of `times`, which are sorted, at least two, and not all the same. What takes more than
 * a third of what is drawn in full becomes a break, `break_width` wide.
 */
void scale_make(const uint64_t *times, size_t n, double left, double right, double break_width, struct scale *ret);

/* What lies outside is drawn at the ends. */
double scale_at(const struct scale *s, uint64_t time);

/* 1, 2 or 5 times a power of ten µs: marks that are so far from each other have at least `apart` between them. */
uint64_t scale_step(const struct scale *s, double apart);
