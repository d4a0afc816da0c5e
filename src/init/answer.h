/* SPDX-License-Identifier: MIT */
/* answer: what a worker that loads modules says to init: a line for each module, then one for the request. */
#pragma once

#include <stdint.h>

enum answer {
	ANSWER_LOADED = '+',   /* "+virtio_blk BEGIN END": CLOCK_MONOTONIC µs */
	ANSWER_FAILED = '!',   /* "!name: why" */
	ANSWER_UNSERVED = '?', /* "?modalias" */
	ANSWER_END = '.',      /* this request is done */
};

/* In the worker: how the insertion of a module that began at `begin` ended; 0 or -errno. */
void answer_inserted(int fd, const char *name, uint64_t begin, int r);
void answer_failed(int fd, const char *alias, int r);
void answer_unserved(int fd, const char *alias);
void answer_end(int fd);
