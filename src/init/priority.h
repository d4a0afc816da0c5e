/* SPDX-License-Identifier: MIT */
/*
 * priority: who goes first until the root is there.
 *
 * Modules that load and the kernel's own workers go on to look for disks when the first has come. With few processors
 * each of a hundred would have its share of the time before the root that is there already is read, checked and
 * mounted. So PID 1, and what it waits for on that way, go first. What else it starts, for good or for a while, goes as
 * ever (SCHED_RESET_ON_FORK, sched(7)).
 */
#pragma once

/* A nice value. */
#define PRIORITY_FIRST (-20)

/* PID 1, once. Where that is not allowed all stays as it is. */
void priority_take(void);

/* In a child that the root waits for. */
void priority_raise(void);

/* PID 1 becomes something else. */
void priority_leave(void);
