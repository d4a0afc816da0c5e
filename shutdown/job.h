/* SPDX-License-Identifier: MIT */
/* job: the actions of a plan at work, each in a worker of its own with its deadline, several at once. */
#pragma once

#include "base/worker.h"
#include "shutdown/plan.h"
#include "shutdown/tried.h"

#define JOBS 64

struct job {
	struct worker worker; /* pid 0: the slot is free */
	const struct layer *layer;
	enum node_kind kind;
	char *name;
	char *what;           /* for messages: "mount /oldroot (ext4 /dev/vda2)" */
	dev_t dev;
	int level;            /* at which it was started */
	uint64_t timeout;     /* µs */
};

struct jobs {
	struct job slots[JOBS];
	size_t running;
	bool lost; /* one of them could not write data */
};

struct jobs jobs_none(void);

/*
 * Starts what is planned, as far as there are free slots and the node is not being worked on. No job
 * outlives `deadline`, but each gets five seconds.
 */
void jobs_start(struct jobs *j, int root, const struct snapshot *s, const struct plan *p, int level,
		uint64_t deadline);

/*
 * Waits until all have ended, at most `usec`, and notes in `tried` what came of those that have. One that is over
 * its time is killed and not waited for: in D state it would not end.
 */
void jobs_wait(struct jobs *j, uint64_t usec, struct tried *tried);

/*
 * There was progress: those that are at work have all their time again, up to `deadline`. A flush of a slow
 * disk does not hang.
 */
void jobs_extend(struct jobs *j, uint64_t deadline);

/* Kills the rest. */
void jobs_abandon(struct jobs *j);
