/* SPDX-License-Identifier: MIT */
/* attempts: what was *tried*: per device and action none, running, failed n times, since when. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

enum action {
	ACTION_PROBE,  /* reading a device's tags */
	ACTION_REPORT, /* telling the user why we wait; subject: the want */
};

struct attempt {
	char *subject; /* a device's name */
	enum action action;
	unsigned int failed;
	bool done;
	uint64_t since; /* µs, of the last change */
};

struct attempts {
	struct attempt *items;
	size_t n;
};

/* Never NULL: what was not tried is all zero. */
const struct attempt *attempts_get(const struct attempts *a, const char *subject, enum action action);

int attempts_failed(struct attempts *a, const char *subject, enum action action, uint64_t now);
int attempts_done(struct attempts *a, const char *subject, enum action action, uint64_t now);

/* Everything that was tried on that subject may be tried anew: it changed, or it came again. */
void attempts_forget(struct attempts *a, const char *subject);
void attempts_free(struct attempts *a);
