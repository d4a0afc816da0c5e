/* SPDX-License-Identifier: MIT */
/*
 * worker: what can block runs here, not in PID 1.
 *
 * A worker is a fork of us, without exec, that runs one function with a deadline and sends
 * bytes back over a pipe. It shares the parent's memory as it was at the fork and can change
 * nothing in it.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

/*
 * Runs in the worker. Writes its record to `fd`; what it returns (0 or -errno) is the worker's
 * result. Below -199 are no errnos of Linux: such a result becomes -EIO.
 */
typedef int (*worker_fn)(int fd, void *data);

struct worker {
	pid_t pid;         /* 0: none */
	int fd;            /* the pipe's reading end, for poll; non-blocking */
	uint64_t deadline; /* CLOCK_MONOTONIC µs */
	char *record;      /* what has come so far, NUL-terminated */
	size_t size;
};

#define WORKER_NONE { .fd = -1 }

int worker_start(worker_fn fn, void *data, uint64_t deadline, struct worker *ret);

/*
 * Takes in what the pipe holds. 1: the record is whole; 0: more will come; -EFBIG above 1 MiB.
 */
int worker_read(struct worker *w);

/* After the record is whole: reaps. The function's result, or -EPIPE where the worker died by a
 * signal. */
int worker_finish(struct worker *w);

/* Kills it if it still runs (without waiting for one that cannot die) and frees the record. */
void worker_free(struct worker *w);

/*
 * Start, read and finish in one: blocks until the deadline. -ETIMEDOUT when that passed. With
 * `ret` the record is handed to the caller, who frees it; also when the function failed, since
 * a record may say why.
 */
int worker_call(worker_fn fn, void *data, uint64_t deadline, char **ret, size_t *ret_size);
