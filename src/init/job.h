/* SPDX-License-Identifier: MIT */
/* job: workers that run while we wait: one for each disk that is read, one for each batch of modules. */
#pragma once

#include <stddef.h>

#include "base/worker.h"

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

struct jobs {
	struct job **items;
	size_t n;
};

/* Starts fn(data) in a worker; `subject` is copied, `data` is taken over, also on failure. 0 or -errno. */
int jobs_start(struct jobs *jobs, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
	       uint64_t deadline);
size_t jobs_count(const struct jobs *jobs, const struct job_kind *kind);

/* The first of that kind; NULL: none. */
struct job *jobs_find(const struct jobs *jobs, const struct job_kind *kind);

/* Kills all of that kind; their done() is not called. */
void jobs_end(struct jobs *jobs, const struct job_kind *kind);

/* Is it the worker of one of them? */
bool jobs_have(const struct jobs *jobs, pid_t pid);

/* The earliest deadline of all, or `wake_at` where that is earlier. */
uint64_t jobs_deadline(const struct jobs *jobs, uint64_t wake_at);

/* Takes in what the workers of `run` have said, and those that have ended. */
void jobs_serve(struct run *run);

/* Kills what still runs. */
void jobs_free(struct jobs *jobs);
