/* SPDX-License-Identifier: MIT */
/*
 * loop: the one place that waits. poll(2) on the kernel's device messages, the workers' pipes and SIGCHLD
 * until something happens or a deadline comes. No polling, no timer but deadlines.
 */
#pragma once

#include <stdint.h>

#include "base/worker.h"
#include "init/plan.h"

struct run;
struct job;

/* What a job is for; one const row a kind. */
struct job_kind {
	const char *name;
	/* More of the record has come; may be NULL. */
	void (*progress)(struct run *run, struct job *job);
	/* Its deadline has passed. True: it goes on, with another deadline. NULL: it is killed. */
	bool (*late)(struct run *run, struct job *job);
	/* The worker has ended: `result` is its function's, -ETIMEDOUT or -EPIPE. */
	void (*done)(struct run *run, struct job *job, int result);
};

/* A worker that runs while we wait. */
struct job {
	const struct job_kind *kind;
	struct worker worker;
	char *subject; /* a device's name; NULL: none. Owned */
	void *data;    /* of the kind; freed with free() */
	size_t used;   /* bytes of the record that progress() has taken */
};

struct loop {
	int signal_fd, uevent_fd, sys_fd;
	struct job **jobs;
	size_t n_jobs;
};

#define LOOP_CLOSED { .signal_fd = -1, .uevent_fd = -1, .sys_fd = -1 }

/* Begins to listen and takes in all that is there already. Nothing where it listens. 0 or -errno. */
int loop_open(struct run *run);
void loop_close(struct loop *loop);

/* Starts fn(data) in a worker; `subject` is copied, `data` is taken over, also on failure. */
int loop_start(struct loop *loop, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
	       uint64_t deadline);
size_t loop_count(const struct loop *loop, const struct job_kind *kind);

/*
 * Waits once, until news or `wake_at`, and takes in all that has come: devices, probes, modules. 0 or -errno.
 */
int loop_wait(struct run *run, uint64_t wake_at);

/*
 * Waits for a device as plan() says. 0 and `*ret`, borrowed until the next loop_wait(); -ETIMEDOUT,
 * -ENOTUNIQ; the error is logged with what was wanted and what was seen.
 */
int await_device(struct run *run, const struct want *want, const struct device **ret);
