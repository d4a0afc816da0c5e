/* SPDX-License-Identifier: MIT */
/*
 * plan: what to do now, decided from what is there and from how hard we try.
 *
 * A pure function: it looks, touches nothing and reads no clock. Its policy is in the table of layers.
 */
#pragma once

#include "shutdown/layer.h"

/* All that is tried on one node, in one worker, until one of them believes that it is done. */
struct action {
	size_t node;       /* index in the snapshot */
	unsigned int acts; /* bit i: layer->acts[i] */
	uint64_t timeout;  /* µs, the sum of theirs */
};

struct plan {
	struct action *actions; /* outermost layer first; no two of them depend on each other */
	size_t n;
	int highest;    /* the highest level of an act in it, -1: none */
	size_t left;    /* nodes that must go and are still there */
	bool emergency; /* superblocks are still writable and all else was tried: sysrq */
};

/* 0 or -ENOMEM; the caller frees with plan_free(). */
int teardown_plan(const struct snapshot *s, int escalation, struct plan *ret);
void plan_free(struct plan *p);

/* Counts what stands on node `i`, and what it stands on. */
struct standing node_standing(const struct snapshot *s, size_t i);

#define _cleanup_plan_ _cleanup_(plan_free)
