/* SPDX-License-Identifier: MIT */
/*
 * guard: a process beside PID 1 that feeds the hardware watchdog until the deadline, and ends the machine when PID 1
 * has not done so 30 seconds after it.
 *
 * The watchdog that systemd armed is not disarmed by it. PID 1 itself may wait for whatever it has to, and
 * need not remember to feed anything; a PID 1 that hangs is noticed all the same, by the deadline.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "shutdown/verb.h"

#define GUARD_GRACE_USEC (30 * USEC_PER_SEC)

struct guard {
	int root;
	const struct verb *verb;
	uint64_t deadline;     /* CLOCK_MONOTONIC µs */
	uint64_t grace;        /* µs after it */
	bool machine;          /* sysrq is ours to use */
	const char *watchdog;  /* path below root, NULL: none to be fed */
};

/* The watchdog's device as systemd names it, below root, or the first one there is; NULL: none was armed. */
const char *guard_watchdog(int root, const char *device, uint64_t watchdog_usec);

/* Starts it; `*ret` is its pid. It ends with the machine, or with PID 1. 0 or -errno. */
int guard_start(const struct guard *g, pid_t *ret);

/* What it does; returns when even reboot(2) failed. */
void guard_watch(const struct guard *g);
