/* SPDX-License-Identifier: MIT */
/*
 * module-world: workers that load modules, as the test has them answer. A test that includes this has in its first
 * comment the lines
 * " * wrap: loop_wait jobs_start send reserve_pending reserve_complete reserve_bring processors_usable"
 * " * wrap: log_line log_console log_errno"
 * " * wrap: malloc calloc realloc strdup strndup asprintf"
 */
#pragma once

#include <sys/socket.h>

#include "base/strv.h"
#include "init/run.h"
#include "unit/memory.h"
#include "unit/trace.h"

static struct job *jobs[4]; /* those under way */
static size_t n_jobs;
static int start_error, send_error;
static bool packed;
static unsigned int n_processors = 1;

unsigned int __wrap_processors_usable(void);
unsigned int __wrap_processors_usable(void)
{
	return n_processors;
}

int __wrap_jobs_start(struct jobs *list, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
		      uint64_t deadline);
int __wrap_jobs_start(struct jobs *list, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
		      uint64_t deadline)
{
	assert_null(subject);
	/* What nothing was sent to yet has nothing to answer. */
	assert_int_equal(deadline, UINT64_MAX);
	trace_note("worker");
	if (start_error) {
		free(data);
		return start_error;
	}
	assert_true(n_jobs < ARRAY_SIZE(jobs));
	jobs[n_jobs] = __real_calloc(1, sizeof(struct job));
	*jobs[n_jobs++] = (struct job){ .kind = kind, .data = data, .worker = { .deadline = deadline } };
	*list = (struct jobs){ .items = jobs, .n = n_jobs };
	return 0;
}

ssize_t __wrap_send(int fd, const void *message, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *message, size_t size, int flags)
{
	_cleanup_free_ char *text = strndup(message, size);

	assert_true(fd >= 0);
	assert_int_equal(flags, MSG_DONTWAIT | MSG_NOSIGNAL);
	assert_true(size > 0 && text[size - 1] == '\n');
	text[size - 1] = '\0';
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	/* Of a long one the end is enough. */
	trace_note("load %s%s", text + (size > 256 ? size - 4 : 0), send_error ? ": no" : "");
	errno = send_error;
	return send_error ? -1 : (ssize_t)size;
}

bool __wrap_reserve_pending(struct run *run);
bool __wrap_reserve_pending(struct run *run)
{
	return packed;
}

bool __wrap_reserve_complete(struct run *run);
bool __wrap_reserve_complete(struct run *run)
{
	return !packed;
}

void __wrap_reserve_bring(struct run *run);
void __wrap_reserve_bring(struct run *run)
{
	trace_note("bring");
	packed = false;
	assert_int_equal(modules_ask_again(&run->modules), 0);
}

/* The worker of the job says more; the loop calls progress(). */
static inline void says(struct run *run, struct job *job, const char *text)
{
	size_t n = strlen(text);

	job->worker.record = realloc(job->worker.record, job->worker.size + n + 1);
	memcpy(job->worker.record + job->worker.size, text, n + 1);
	job->worker.size += n;
	job->kind->progress(run, job);
}

static inline void ends(struct run *run, size_t i, int result)
{
	struct job *job = jobs[i];

	jobs[i] = jobs[--n_jobs];
	run->jobs.n = n_jobs;
	job->kind->done(run, job, result);
	free(job->worker.record);
	free(job->data);
	free(job);
}

/* The last one is who answers while something is waited for. */
static inline void swap_jobs(void)
{
	struct job *job = jobs[0];

	jobs[0] = jobs[1];
	jobs[1] = job;
}

/* What was asked for is answered one by one, by these; the last one again and again. */
static const char *const *answers;

int __wrap_loop_wait(struct run *run, uint64_t wake_at);
int __wrap_loop_wait(struct run *run, uint64_t wake_at)
{
	assert_int_equal(wake_at, UINT64_MAX);
	assert_true(n_jobs > 0);
	says(run, jobs[n_jobs - 1], *answers++);
	return modules_start(run);
}

static inline void run_free(struct run *run)
{
	modules_free(&run->modules);
	profile_free(&run->profile);
}

static inline int setup(void **state)
{
	n_jobs = 0;
	start_error = send_error = 0;
	packed = false;
	trace_reset(0, 0);
	return 0;
}

static inline void ask_all(struct run *run, const char *words)
{
	_cleanup_strv_ char **l = NULL;

	assert_int_equal(strv_split(&l, words, " "), 0);
	STRV_FOREACH(word, l)
		assert_int_equal(modules_ask(&run->modules, *word), 0);
	assert_int_equal(modules_start(run), 0);
}
