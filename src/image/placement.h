/* SPDX-License-Identifier: MIT */
/* placement: in which row each bar of a lane is drawn, and where its label stands, so that none covers another. */
#pragma once

#include <stddef.h>

#include "base/macro.h"

struct placed {
	double left, right; /* the bar */
	double text;        /* how wide its label is */
	bool important;     /* is labelled before others */
	/* The answers: */
	bool labelled;
	double text_left;   /* where the label begins: behind the bar, else before it, or in it if it is long */
	size_t row;
};

struct placement {
	double left, right; /* of the lane: nothing stands outside */
	double gap;         /* between a bar and its label, and between two that share a row */
	size_t labels;      /* at most; the important ones and the widest bars have them */
};

/*
 * `items` by their left end. Those without a label share the last row, which they may cover one another in. How many
 * rows it takes.
 */
size_t placement_make(const struct placement *p, struct placed *items, size_t n);
