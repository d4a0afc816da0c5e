/* SPDX-License-Identifier: MIT */
/* job: workers that run while we wait. */
#include <errno.h>

#include "base/clock.h"
#include "init/job.h"
#include "init/run.h"

static void job_free(struct job *job)
{
	worker_free(&job->worker);
	free(job->subject);
	free(job->data);
	free(job);
}

static void free_job_pointer(struct job **job)
{
	if (*job)
		job_free(*job);
}

int jobs_start(struct jobs *jobs, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
	       uint64_t deadline)
{
	_cleanup_(free_job_pointer) struct job *job = calloc(1, sizeof(*job));
	struct job **grown;
	int r;

	if (!job) {
		free(data);
		return -ENOMEM;
	}
	*job = (struct job){ .kind = kind, .data = data, .worker = WORKER_NONE };
	grown = realloc(jobs->items, (jobs->n + 1) * sizeof(job));
	if (!grown)
		return -ENOMEM;
	jobs->items = grown;
	if (string_set(&job->subject, subject) < 0)
		return -ENOMEM;
	r = worker_start(fn, data, deadline, &job->worker);
	if (r < 0)
		return r;
	jobs->items[jobs->n++] = TAKE_PTR(job);
	return 0;
}

size_t jobs_count(const struct jobs *jobs, const struct job_kind *kind)
{
	size_t n = 0;

	for (size_t i = 0; i < jobs->n; i++)
		n += jobs->items[i]->kind == kind;
	return n;
}

struct job *jobs_find(const struct jobs *jobs, const struct job_kind *kind)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (jobs->items[i]->kind == kind)
			return jobs->items[i];
	return NULL;
}

void jobs_end(struct jobs *jobs, const struct job_kind *kind)
{
	for (size_t i = jobs->n; i-- > 0;) {
		struct job *job = jobs->items[i];

		if (job->kind != kind)
			continue;
		jobs->items[i] = jobs->items[--jobs->n];
		job_free(job);
	}
}

bool jobs_have(const struct jobs *jobs, pid_t pid)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (jobs->items[i]->worker.pid == pid)
			return true;
	return false;
}

uint64_t jobs_deadline(const struct jobs *jobs, uint64_t wake_at)
{
	for (size_t i = 0; i < jobs->n; i++)
		wake_at = MIN(wake_at, jobs->items[i]->worker.deadline);
	return wake_at;
}

/* Takes a finished job out before its done(), which may start the next one. */
static void finish_job(struct run *run, size_t i, int result)
{
	struct jobs *jobs = &run->jobs;
	struct job *job = jobs->items[i];

	jobs->items[i] = jobs->items[--jobs->n];
	job->kind->done(run, job, result);
	job_free(job);
}

void jobs_serve(struct run *run)
{
	uint64_t now = clock_monotonic();

	for (size_t i = run->jobs.n; i-- > 0;) {
		struct job *job = run->jobs.items[i];
		int r = worker_read(&job->worker);

		if (job->kind->progress)
			job->kind->progress(run, job);
		if (r == 0 && now >= job->worker.deadline &&
		    !(job->kind->late && job->kind->late(run, job)))
			r = -ETIMEDOUT;
		if (r != 0)
			finish_job(run, i, r > 0 ? worker_finish(&job->worker) : r);
	}
}

void jobs_free(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		job_free(jobs->items[i]);
	free(jobs->items);
	*jobs = (struct jobs){ 0 };
}
