/* SPDX-License-Identifier: MIT */
/* profile: what took how long: spans of monotonic time in a bounded buffer. */
#pragma once

#include <stdint.h>
#include <stddef.h>

#define PROFILE_SPANS 256

struct span {
	const char *name;    /* borrowed for ever: "root", "root/wait" */
	uint64_t start, end; /* CLOCK_MONOTONIC µs; end 0: still open */
};

struct profile {
	struct span spans[PROFILE_SPANS];
	size_t n, dropped; /* a full buffer drops the newest */
};

/* Opens a span; the index for profile_end(), which bears one that was dropped. */
size_t profile_begin(struct profile *p, const char *name);
void profile_end(struct profile *p, size_t span);

/* Writes the spans as Chrome trace events to `path`, mode 0644. 0 or -errno. */
int profile_write(const struct profile *p, const char *path);
