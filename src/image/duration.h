/* SPDX-License-Identifier: MIT */
/* duration: a time span as people read it: ms or s. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct duration {
	char text[32];
};

/* "0.42 ms", "4.1 ms", "812 ms", "25.1 s", "312 s": three digits or so. For text between words. */
struct duration duration_short(uint64_t usec);

/* For a column of ms: "4.11", "-812.40". */
struct duration duration_column(int64_t usec);

/* A mark of an axis whose marks are `step` apart: "0", "20 ms", "1.25 s". */
struct duration duration_mark(int64_t usec, uint64_t step);
