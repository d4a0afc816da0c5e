/* SPDX-License-Identifier: MIT */
/* compare: is there a second one of what was found? */
#include "init/compare.h"

#include <errno.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "init/plan.h"
#include "init/priority.h"
#include "init/probe.h"
#include "init/run.h"

/* Whoever is looked at for longer is not waited for: the rest goes to another worker. */
#define COMPARE_STALL (USEC_PER_SEC / 10)
/* As reading one whole. */
#define COMPARE_DEADLINE (30 * USEC_PER_SEC)

/* The worker's answers, a letter for each device in their order. What could not be read is read whole, and told of. */
#define ANSWER_OTHER '-'
#define ANSWER_ALIKE '+'

struct comparison {
	char type[64], uuid[64]; /* of what was found */
	uint64_t match;          /* its `announced` */
	int span;                /* in the profile */
	bool stalled;            /* those after the one that it is at were given back */
	size_t n;                /* so many answers are waited for */
	struct {
		char name[256], path[512];
		uint64_t announced;
	} others[];
};

static struct device *find_other(struct run *run, const struct comparison *c, size_t i)
{
	struct device *dev = devices_find(&run->devices, c->others[i].name);

	/* Gone, or changed since: then it is no longer this one that is looked at. */
	return dev && dev->announced == c->others[i].announced && dev->probe == PROBE_COMPARING ? dev : NULL;
}

/* In the worker. */
static int compare_all(int fd, void *data)
{
	const struct comparison *c = data;

	priority_raise();
	for (size_t i = 0; i < c->n; i++) {
		bool alike = true;
		int r;

		(void)probe_compare(c->others[i].path, c->type, c->uuid, &alike);
		r = file_write_fd(fd, &(char){ alike ? ANSWER_ALIKE : ANSWER_OTHER }, 1);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Those from `i` on: whether they were compared, and what came out. */
static void give_back(struct run *run, const struct comparison *c, size_t i, size_t n, uint64_t compared, bool alike)
{
	for (; i < n; i++) {
		struct device *dev = find_other(run, c, i);

		if (!dev)
			continue;
		dev->probe = PROBE_NONE;
		dev->compared = compared;
		dev->alike = alike;
	}
}

static void compare_progress(struct run *run, struct job *job)
{
	const struct comparison *c = job->data;

	for (; job->used < MIN(job->worker.size, c->n); job->used++) {
		give_back(run, c, job->used, job->used + 1, c->match, job->worker.record[job->used] != ANSWER_OTHER);
		job->worker.deadline = clock_add(clock_monotonic(), COMPARE_STALL);
	}
}

/* The plan sends those after it to another worker. */
static bool compare_late(struct run *run, struct job *job)
{
	struct comparison *c = job->data;

	if (c->stalled || job->used == c->n)
		return false;
	c->stalled = true;
	give_back(run, c, job->used + 1, c->n, 0, false);
	c->n = job->used + 1;
	job->worker.deadline = clock_add(clock_monotonic(), COMPARE_DEADLINE);
	return true;
}

/* What it did not come to is read whole. */
static void compare_done(struct run *run, struct job *job, int result)
{
	const struct comparison *c = job->data;

	profile_end(&run->profile, c->span);
	if (result < 0 && job->used < c->n)
		log_debug("%s was not compared: %s", c->others[job->used].path, strerror(-result));
	give_back(run, c, job->used, c->n, c->match, true);
}

static const struct job_kind compare_kind = {
	.name = "compare",
	.progress = compare_progress,
	.late = compare_late,
	.done = compare_done,
};

static struct comparison *gather(struct run *run, const struct want *want, const struct device *match)
{
	struct comparison *c = calloc(1, sizeof(*c) + run->devices.n * sizeof(c->others[0]));

	if (!c)
		return NULL;
	(void)snprintf(c->type, sizeof(c->type), "%s", match->tags.type);
	(void)snprintf(c->uuid, sizeof(c->uuid), "%s", match->tags.uuid);
	c->match = match->announced;
	for (size_t i = 0; i < run->devices.n; i++) {
		const struct device *dev = run->devices.items[i];

		if (!plan_compares(want, &run->devices, &run->attempts, match, dev))
			continue;
		(void)snprintf(c->others[c->n].name, sizeof(c->others[0].name), "%s", dev->name);
		(void)snprintf(c->others[c->n].path, sizeof(c->others[0].path), "/dev/%s", dev->devname);
		c->others[c->n++].announced = dev->announced;
	}
	return c;
}

int compare_start(struct run *run, const struct want *want, const struct device *match)
{
	struct comparison *c = gather(run, want, match);
	int r;

	if (!c)
		return -ENOMEM;
	c->span = profile_begin(&run->profile, SPAN_WORKER, span_name("compare", match->name).text, match->name);
	r = jobs_start(&run->jobs, &compare_kind, match->name, compare_all, c,
		       clock_add(clock_monotonic(), COMPARE_STALL));
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->n; i++) {
		struct device *dev = devices_find(&run->devices, c->others[i].name);

		dev->probe = PROBE_COMPARING;
		dev->probe_since = clock_monotonic();
	}
	return 0;
}
