/* SPDX-License-Identifier: MIT */
/* tried: what was tried on a node before, and what came of it; by kind and name, over all snapshots. */
#pragma once

#include "shutdown/snapshot.h"

struct tried_node {
	enum node_kind kind;
	char *name;
	int spent;       /* the level up to which acts ran out of time, plus one */
	const char *act; /* the last one that failed, NULL: none */
	int error;       /* with it, -errno */
	bool lost;       /* data could not be written back to it */
};

struct tried {
	struct tried_node *nodes;
	size_t n;
	dev_t *frozen; /* superblocks */
	size_t n_frozen;
};

/* The record of that node, made when there is none; NULL: no memory. Valid until the next call. */
struct tried_node *tried_get(struct tried *t, enum node_kind kind, const char *name);

/* The same, NULL when nothing was tried. */
const struct tried_node *tried_find(const struct tried *t, enum node_kind kind, const char *name);

/* From now on nothing is done to this superblock. 0 or -ENOMEM. */
int tried_freeze(struct tried *t, dev_t dev);

/* Something has changed: what ran out of time may do better now. */
void tried_again(struct tried *t);

/* Writes into the nodes what was tried on them (spent, frozen). */
void tried_mark(const struct tried *t, struct snapshot *s);
void tried_free(struct tried *t);
