/* SPDX-License-Identifier: MIT */
/* report: what is left, and who holds it: a line each, and the last line, which machines read. */
#pragma once

#include "shutdown/run.h"

struct report {
	const struct snapshot *left;
	bool lost;           /* data could not be written */
	const char *verb;
	uint64_t ms;
	int escalation;
	const char *holders; /* "comm:pid,comm:pid", escaped; "" where there are none */
};

/* Nothing is left that must go, and all was written. */
bool report_is_clean(const struct report *r);

/*
 * The last line (it is one), without its newline; stable within a major version, all fields always there:
 *
 *     slipway-shutdown: result=clean|dirty verb=V ms=N escalation=N mounts=N swaps=N loop=N dm=N md=N
 *     left=a,b holders=comm:pid,…
 *
 * Lists are cut at a whole item, then end in "+N"; what is no printable ASCII, and spaces, commas and backslashes
 * inside an item, come as \ooo. The caller frees. 0 or -ENOMEM.
 */
int report_line(const struct report *r, char **ret);

/* Appends "item" to the list that `*list` owns, escaped, after a comma. 0 or -ENOMEM. */
int report_item(char **list, const char *item);
