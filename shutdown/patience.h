/* SPDX-License-Identifier: MIT */
/*
 * patience: when to try harder. Progress is a changed fingerprint, fewer bytes left to be written, or a disk that
 * writes while something is being tried; never what an act returned.
 */
#pragma once

#include <stdint.h>

#include "shutdown/layer.h"

/* Without progress for so long the next level begins; beyond the deadline they follow each other faster. */
#define PATIENCE_USEC      (5 * USEC_PER_SEC)
#define PATIENCE_LATE_USEC (2 * USEC_PER_SEC)

struct patience {
	int level;            /* one of enum escalation, or E_SYSRQ + 1: given up */
	uint64_t since;       /* of the last progress or the last change of level, CLOCK_MONOTONIC µs */
	uint64_t fingerprint;
	uint64_t dirty;       /* the least that was ever left to be written, KiB */
	uint64_t written;     /* by the disks, at the last look that counted, KiB */
	uint64_t deadline;
};

struct patience patience_begin(uint64_t now, uint64_t deadline);

/*
 * Takes note of a snapshot. Was there progress? `at_work`: something is being tried, and what the disks write may be
 * that: a cache's metadata, say, that goes by no page cache.
 */
bool patience_look(struct patience *p, const struct snapshot *s, bool at_work, uint64_t now);

/*
 * Is it time for the next level? `idle`: the plan of this level is empty and nothing is being tried, so
 * that waiting is of no use.
 */
bool patience_is_over(const struct patience *p, bool idle, uint64_t now);

/*
 * Goes to the next level at which there is more to do than at this one (by plan); to E_SYSRQ + 1 when
 * there is none. Beyond the deadline at least to E_READONLY. 0 or -ENOMEM.
 */
int patience_escalate(struct patience *p, const struct snapshot *s, uint64_t now);
