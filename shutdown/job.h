/* SPDX-License-Identifier: MIT */
/* job: the actions of a plan at work, in workers, each action with its deadline, many at once. */
#pragma once

#include "base/worker.h"
#include "shutdown/crew.h"
#include "shutdown/tried.h"

#define JOBS 64

/* A member of a crew. */
struct job {
	struct worker worker; /* pid 0: the slot is free; its deadline is that of the order */
	struct crew *crew;
	struct order *order;  /* which it is at */
	size_t seen;          /* bytes of its records that were looked at */
	bool noted;           /* the first failure of the order */
};

struct jobs {
	struct job slots[JOBS];
	size_t running;
	bool lost; /* one of them could not write data */
};

struct jobs jobs_none(void);

/*
 * Starts what is planned, as far as there are free slots and the node is not being worked on. No action
 * outlives `deadline`, but each gets five seconds.
 */
void jobs_start(struct jobs *j, int root, const struct snapshot *s, const struct plan *p, int level,
		uint64_t deadline);

/*
 * Waits until all have ended, at most `usec` (as long as a list is being worked off: since the last news of it),
 * and notes in `tried` what came of those that have. One that is over its time is killed and not waited for: in D
 * state it would not end. What nobody has begun by then is not at work any more.
 */
void jobs_wait(struct jobs *j, uint64_t usec, struct tried *tried);

/*
 * There was progress: those that are at work have all their time again, up to `deadline`. A flush of a slow
 * disk does not hang.
 */
void jobs_extend(struct jobs *j, uint64_t deadline);

/* Kills the rest. */
void jobs_abandon(struct jobs *j);
