/* SPDX-License-Identifier: MIT */
/* timeline: what a boot did when: spans, as /init has recorded them. Times are µs of CLOCK_MONOTONIC. */
#pragma once

#include <stdint.h>

#include "base/clock.h"
#include "base/macro.h"

enum span_category {
	SPAN_STAGE,
	SPAN_WAIT,
	SPAN_QUESTION, /* to the user */
	SPAN_MODULE,
	SPAN_DEVICE,   /* its arrival: an instant */
	SPAN_HELPER,   /* a storage project's tool */
	SPAN_WORKER,   /* a child of /init that looks at something */
	SPAN_CATEGORIES,
};

/* As the trace names them, in the order above. */
extern const char *const span_categories[SPAN_CATEGORIES];

#define SPAN_NONE SIZE_MAX

struct span {
	char *name;
	enum span_category category;
	uint64_t start, end; /* start <= end; an instant's are the same */
	bool instant;
	int64_t id;          /* as the trace numbers it; -1: not at all */
	int64_t cause_id;
	size_t cause;        /* whose end, or progress, led to it; of a wait: ended it. SPAN_NONE: not known */
	unsigned int depth;  /* in how many stages, waits and questions it began */
};

struct timeline {
	struct span *spans; /* by start, the longer first */
	size_t n;
	uint64_t start;     /* /init began: RD_TIMESTAMP */
	uint64_t exec;      /* it became the next init */
	uint64_t userspace; /* that began to work; USEC_FOREVER: not known */
	uint64_t dropped;   /* spans that found no room */
	uint64_t processes; /* that /init has started; USEC_FOREVER: not known */
	char *version, *kernel, *root; /* "" where it is not known */
};

/* Where the picture ends: `userspace`, or `exec`. */
uint64_t timeline_end(const struct timeline *t);

/* Sorts what was read, and finds causes and depths. */
int timeline_settle(struct timeline *t);

/* Takes systemd's stamp, if it makes sense. */
void timeline_close(struct timeline *t, uint64_t userspace);

/* How long there was at least one of them, from `start` to `exec`. µs. */
uint64_t timeline_busy(const struct timeline *t, enum span_category category);

void timeline_free(struct timeline *t);

#define _cleanup_timeline_ _cleanup_(timeline_free)
