/* SPDX-License-Identifier: MIT */
/*
 * trace: the profile as Chrome trace events, which Perfetto and `slipway profile` read.
 *
 * One JSON object: otherData says of which boot, traceEvents has a complete event ("X") for each span, an instant
 * ("i") for each device. A stage that is still open, "exec", which the next init ends, only begins ("B"). args has the
 * span's id, its cause (cause.h; -1: none) and its device. Lanes ("tid") are such that what overlaps on one is nested.
 * ts and dur are µs of CLOCK_MONOTONIC.
 */
#pragma once

#include "init/profile.h"

/* What is said of the boot besides. */
struct trace_facts {
	uint64_t began;          /* RD_TIMESTAMP's monotonic part */
	uint64_t exec;           /* now: of what has not ended nothing more is known */
	const char *root;        /* as it was asked for, "UUID=…"; NULL: not */
	int processes;           /* made meanwhile, the kernel's threads too */
};

/* The whole text. Allocated; NULL: no memory. */
char *trace_text(const struct profile *p, const struct trace_facts *facts);

/* Writes it to the file `path`, mode 0644. 0 or -errno. */
int trace_write(const struct profile *p, const struct trace_facts *facts, const char *path);
