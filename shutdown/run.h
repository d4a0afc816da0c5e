/* SPDX-License-Identifier: MIT */
/*
 * run: the one mutable thing, owned by main and handed to every step.
 *
 * A step is `void step(struct run *run)`: none of them can fail in a way that keeps the next one from being tried.
 */
#pragma once

#include "shutdown/arguments.h"
#include "shutdown/snapshot.h"
#include "shutdown/tried.h"

struct run {
	struct arguments arguments;
	uint64_t start, deadline; /* CLOCK_MONOTONIC µs */
	int root;                 /* of "/" */
	bool machine;             /* PID 1 of the machine, not of a PID namespace */
	pid_t guard;              /* 0: none */

	char **ours;              /* in a namespace: devices that were seen below our mounts */
	struct tried tried;
	struct snapshot last;     /* what was there when we last looked */
	int escalation;           /* the highest level that was needed */
	bool lost;                /* data could not be written, or it was not possible to know */
};

/* Looks: run->last anew, with what was tried. 0 or -errno. */
int run_look(struct run *run);

/* The steps, in their order. */
void resume_suspended(struct run *run);
void end_processes(struct run *run);
void take_over_metadata(struct run *run);
void tear_down(struct run *run);
void sync_disks(struct run *run);
void report(struct run *run);
