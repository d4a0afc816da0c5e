/* SPDX-License-Identifier: MIT */
/* critical: what a boot was waiting for, from /init's begin to its exec, without a gap: its critical path. */
#pragma once

#include "image/timeline.h"

struct critical_step {
	size_t span; /* of the timeline; SPAN_NONE: none was open, /init itself */
	uint64_t start, end;
};

struct critical {
	struct critical_step *steps; /* in order: the first begins at `start`, the last ends at `exec` */
	size_t n;
	uint64_t *time;              /* of each span: how much of it is on the path, µs */
	bool *has;                   /* is it on the path? An instant is, without time */
	uint64_t init;               /* of /init itself, µs */
};

/*
 * Backwards from the exec: through the innermost stage or wait that was open; of a wait, through what ended it, what
 * had led to that, and so on, to what nothing is known to have led to. 0 or -ENOMEM; the caller frees.
 */
int critical_find(const struct timeline *t, struct critical *ret);
/* Is a good part of it, a quarter, on the path? What only begins or ends another one is on it for a moment too. */
bool critical_is_main(const struct critical *c, const struct timeline *t, size_t span);

void critical_free(struct critical *c);

/* The spans that have the most time on the path, the most first, of equals the earlier: at most `max`; how many. */
size_t critical_rank(const struct critical *c, const struct timeline *t, size_t *ret, size_t max);

#define _cleanup_critical_ _cleanup_(critical_free)
