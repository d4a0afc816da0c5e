/* SPDX-License-Identifier: MIT */
/* progress: how far long work is, in one line of a terminal that is written again and again. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct progress {
	bool shown;
	const char *what;    /* "6.1.0-50-amd64", borrowed */
	uint64_t next;       /* not before that, µs of CLOCK_MONOTONIC: quick work shows none */
	uint64_t done, size; /* bytes of this step; size 0: not counted */
};

/* Only where standard error is a terminal that can do it, at the usual level of the log. */
void progress_open(struct progress *ret, const char *what);
void progress_close(struct progress *p);

/* Begins a step: "modules"; `size` may be 0. Here and below NULL is a build that nobody watches. */
void progress_step(struct progress *p, const char *step, uint64_t size);

/* So many bytes more of `step`. */
void progress_bytes(struct progress *p, const char *step, uint64_t n);

#define _cleanup_progress_ _cleanup_(progress_close)
