/* SPDX-License-Identifier: MIT */
/* screen: did the kernel's messages push what stands on the console away? */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct screen {
	int fd;            /* /dev/kmsg, for poll(2); -1: not looked at */
	int level;         /* messages more urgent than that are shown on the console */
	uint64_t quiet_at; /* CLOCK_MONOTONIC µs: when to look again; USEC_FOREVER: nothing was shown */
};

#define SCREEN_NONE { .fd = -1, .quiet_at = UINT64_MAX }

/* Looks at messages from now on; without that file at none. */
void screen_open(struct screen *s, const char *kmsg);

/*
 * Takes in what came (poll(2)'s `revents` of `fd`). True, once, when messages were shown and none came for half a
 * second: a console is slow, and what is written between two of them would be pushed away again.
 */
bool screen_is_disturbed(struct screen *s, short revents);
void screen_close(struct screen *s);
