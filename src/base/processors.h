/* SPDX-License-Identifier: MIT */
/* processors: how many this process may run on. */
#pragma once

/* 0: more than sched_getaffinity(2) can say, which are over a thousand. */
unsigned int processors_usable(void);
