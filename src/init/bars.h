/* SPDX-License-Identifier: MIT */
/*
 * bars: what took time here, as units of systemd's, so that systemd-analyze(1) shows it in blame and plot.
 *
 * Each is a file in /run/systemd/system and a block of the hand-over (serialize.h): systemd forgets a unit that has no
 * file, and looks at none that was not handed over. Only for a next init that is systemd and takes the hand-over.
 */
#pragma once

#include "base/macro.h"
#include "init/profile.h"

#define BARS_MAX 16 /* the longest ones */

struct bar {
	char *unit;          /* "slipway-root-wait.service" */
	uint64_t start, end; /* CLOCK_MONOTONIC µs */
	char *name;          /* of the span */
};

struct bars {
	struct bar *items;
	size_t n;
};

/*
 * What has ended and took a millisecond or more, the longest first: waits, questions, tools, stages, or where they
 * have parts, these. All modules are one bar, and so is what was done twice. `but` names a span that is no bar, since
 * it is handed over as another unit; NULL: none. 0 or -ENOMEM.
 */
int bars_collect(const struct profile *p, const char *but, struct bars *ret);

/* Writes the files. One that cannot be written is taken out. 0, or -errno of the last that was not. */
int bars_write(struct bars *b);

/* Takes the files away: another init is taken after all. */
void bars_remove(const struct bars *b);
void bars_free(struct bars *b);

#define _cleanup_bars_ _cleanup_(bars_free)
