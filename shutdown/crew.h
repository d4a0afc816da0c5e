/* SPDX-License-Identifier: MIT */
/*
 * crew: a list of orders, one for each node of a plan, and the workers that take from it.
 *
 * To fork costs more than to remove an idle device: with hundreds of them a worker does many, one after the other.
 * Each member begins with an order of its own and then takes from a pipe what none has taken yet, so that one
 * that hangs keeps back only what it is at.
 */
#pragma once

#include "shutdown/plan.h"

/* So many work at one list; what they leave for later gets more of them with the next plan. */
#define CREW 32

struct order {
	const struct node *node; /* valid while the snapshot is, and in the workers; the rest is a copy for later */
	const struct layer *layer;
	enum node_kind kind;
	char *name;
	char *what;              /* for messages: "mount /oldroot (ext4 /dev/vda2)" */
	dev_t dev;
	unsigned int acts;       /* as in struct action */
	uint64_t timeout;        /* µs */
	bool over;               /* tried, given up or taken back */
};

struct crew {
	struct order *orders;
	size_t n;
	size_t waiting;    /* orders that no member is known to have begun */
	size_t members;    /* workers that run */
	int queue;         /* indexes (uint32_t) that are not taken yet; -EBADF: none */
	int root;
	int level;         /* at which it was started */
	uint64_t deadline; /* of the whole, CLOCK_MONOTONIC µs */
};

/* What a worker says: an order is begun, or what came of one of its acts. */
#define RECORD_BEGUN (-1)
struct record {
	uint32_t order;
	int act, result; /* act: index of the layer's, or RECORD_BEGUN */
};

/* One allocation with an empty list; NULL: no memory. */
struct crew *crew_new(int root, int level, uint64_t deadline);
void crew_free(struct crew *c);

/* Appends what is to be done with the node. 0 or -ENOMEM. */
int crew_add(struct crew *c, const struct node *n, const struct action *a);

/* All but the first `members` orders, which these begin with, go into the queue. 0 or -errno: none is queued. */
int crew_queue(struct crew *c, size_t members);

/* Takes back what nobody has begun, so that it can be planned anew: all members may be stuck. */
void crew_take_back(struct crew *c);

/* What a member does: order `first`, then what it gets from the queue. Writes records to `out`. */
int crew_work(const struct crew *c, size_t first, int out);
