/* SPDX-License-Identifier: MIT */
/* module: what is asked of the workers that load modules, and what they answer. */
#include "init/module.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/processors.h"
#include "base/strv.h"
#include "init/answer.h"
#include "init/batch.h"
#include "init/run.h"
#include "init/turn.h"

/* How long one request may take before the rest goes to another worker. */
#define STALL (5 * USEC_PER_SEC)

static int ask(struct modules *m, char ***list, const char *alias)
{
	int r = 0;

	if (*alias && !strv_contains(m->asked, alias))
		r = strv_push(list, alias) < 0 ? -ENOMEM : strv_push(&m->asked, alias);
	return r;
}

/* No disk waits for a file system's driver, nor that for a disk's. */
static char ***queue_of(struct modules *m, const char *alias)
{
	if (turn_is_last(alias))
		return &m->held;
	return startswith(alias, "fs-") && processors_usable() != 1 ? &m->aside : &m->pending;
}

int modules_ask(struct modules *m, const char *alias)
{
	const char *before[TURN_BEFORE_MAX] = { NULL };
	int r = ask(m, queue_of(m, alias), alias);

	turn_before(alias, before);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(before) && before[i]; i++)
		r = ask(m, &m->first, before[i]);
	return r;
}

int modules_ask_first(struct modules *m, const char *alias)
{
	return ask(m, &m->first, alias);
}

static void retire(struct modules *m)
{
	struct batch *b = TAKE_PTR(m->live);

	if (b)
		m->open -= batch_close(b);
}

int modules_ask_again(struct modules *m)
{
	struct modules again = { 0 };

	STRV_FOREACH(alias, m->asked)
		if (modules_ask(&again, *alias) < 0) {
			modules_free(&again);
			return -ENOMEM;
		}
	strv_free(m->asked);
	strv_free(m->first);
	strv_free(m->aside);
	strv_free(m->pending);
	strv_free(m->held);
	m->asked = again.asked;
	m->first = again.first;
	m->aside = again.aside;
	m->pending = again.pending;
	m->held = again.held;
	strv_free(TAKE_PTR(m->unserved));
	retire(m);
	return 0;
}

bool modules_busy(const struct modules *m)
{
	return m->first || m->aside || m->pending || m->open > 0;
}

static void take_loaded(struct run *run, const char *text)
{
	unsigned long long begin, end;
	char name[64]; /* MODULE_NAME_LEN is less */

	run->modules.loaded++;
	if (sscanf(text, "%63s %llu %llu", name, &begin, &end) == 3)
		profile_add(&run->profile, SPAN_MODULE, name, NULL, begin, end);
}

static void take_line(struct run *run, struct batch *b, const char *line)
{
	struct modules *m = &run->modules;

	switch (line[0]) {
	case ANSWER_LOADED:
		take_loaded(run, line + 1);
		break;
	case ANSWER_FAILED:
		log_warning("cannot load module %s, ignoring", line + 1);
		(void)strv_push(&m->failed, line + 1);
		break;
	case ANSWER_UNSERVED:
		(void)strv_push(&m->unserved, line + 1);
		/* "fs-ext4" is a name that we ask by, and modules_need() sees to it. */
		m->names_unserved |= !strchr(line + 1, ':') && !startswith(line + 1, "fs-");
		break;
	case ANSWER_END:
		b->next++;
		m->open -= !b->stalled;
		break;
	}
}

/* What the worker has not begun goes back to the queue; the one it is at does not. */
static void give_back(struct run *run, const struct batch *b)
{
	for (size_t i = b->next + 1; i < b->n; i++)
		(void)strv_push(&run->modules.pending, b->aliases[i]);
}

/* Nobody waits for it any more. */
static void give_up(struct run *run, struct batch *b)
{
	struct modules *m = &run->modules;

	give_back(run, b);
	if (m->live == b)
		retire(m);
	m->open -= b->n - b->next;
}

static bool batch_late(struct run *run, struct job *job)
{
	struct batch *b = job->data;

	job->worker.deadline = USEC_FOREVER;
	if (!batch_busy(b))
		return true;
	log_warning("loading %s takes longer than %d s; the other modules go on without it",
		    b->aliases[b->next], (int)(STALL / USEC_PER_SEC));
	give_up(run, b);
	b->stalled = true;
	return true;
}

/* Until when the worker must have said something; one that has nothing to do says nothing. */
static uint64_t deadline_of(const struct batch *b)
{
	return b->stalled || !batch_busy(b) ? USEC_FOREVER : clock_add(clock_monotonic(), STALL);
}

static void batch_progress(struct run *run, struct job *job)
{
	struct batch *b = job->data;
	char *line, *end;

	for (;;) {
		line = job->worker.record + job->used;
		end = job->worker.record ? strchr(line, '\n') : NULL;
		if (!end)
			break;
		*end = '\0';
		job->used = (size_t)(end + 1 - job->worker.record);
		take_line(run, b, line);
		job->worker.deadline = deadline_of(b);
	}
}

static void batch_done(struct run *run, struct job *job, int result)
{
	struct batch *b = job->data;

	/* A module that crashes in the kernel takes its worker along, and nobody else's module. */
	if (result < 0 && batch_busy(b))
		log_warning("cannot load %s: %s, ignoring", b->aliases[b->next], strerror(-result));
	if (!b->stalled)
		give_up(run, b);
	close_fd(&b->socket);
	strv_free(TAKE_PTR(b->aliases));
}

static const struct job_kind batch_kind = {
	.name = "modules",
	.progress = batch_progress,
	.late = batch_late,
	.done = batch_done,
};

static int run_batch(int fd, void *data)
{
	struct batch *b = data;

	/* The last to hold our end shall be init. */
	close_fd(&b->socket);
	return modserver_run(fd, &b->server);
}

static int start_worker(struct run *run, bool hurry)
{
	struct batch *b = calloc(1, sizeof(*b));
	_cleanup_close_ int theirs = -EBADF;
	int pair[2], r;

	if (!b)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		r = -errno;
		free(b);
		return r;
	}
	b->socket = pair[0];
	b->server.socket = theirs = pair[1];
	/* What the reserve has brought libkmod finds, and what was near, too. */
	b->server.nearby = run->reserve.state != RESERVE_UNPACKED;
	b->server.all = reserve_complete(run);
	b->server.hurry = hurry;
	r = jobs_start(&run->jobs, &batch_kind, NULL, run_batch, b, USEC_FOREVER);
	if (r < 0)
		(void)close(pair[0]);
	else
		run->modules.live = b;
	return r;
}

/* The clock begins for one that had nothing to do. */
static void set_deadline(struct run *run, const struct batch *b)
{
	for (size_t i = 0; i < run->jobs.n; i++)
		if (run->jobs.items[i]->data == b)
			run->jobs.items[i]->worker.deadline = deadline_of(b);
}

/* It gets one queue, and another one behind that, or none: NULL. */
static int give(struct run *run, struct batch *b, char ***queue, char ***behind)
{
	struct modules *m = &run->modules;
	bool idle = !batch_busy(b);
	size_t n = b->n;
	int r = batch_take(b, queue);

	if (r == 0 && behind)
		r = batch_take(b, behind);
	m->open += b->n - n;
	if (idle)
		set_deadline(run, b);
	return r < 0 ? r : batch_send(b);
}

/* Beside the worker that is there; it ends when that is done. */
static int start_aside(struct run *run, char ***queue)
{
	struct modules *m = &run->modules;
	struct batch *live = TAKE_PTR(m->live);
	int r = start_worker(run, true);

	if (r == 0)
		r = give(run, m->live, queue, NULL);
	retire(m);
	m->live = live;
	return r;
}

int modules_start(struct run *run)
{
	struct modules *m = &run->modules;
	int r = m->aside ? start_aside(run, &m->aside) : 0;

	if (r == 0 && m->first && m->live && batch_busy(m->live))
		r = start_aside(run, &m->first);
	if (r == 0 && (m->first || m->pending) && !m->live)
		r = start_worker(run, false);
	return r < 0 || !m->live ? r : give(run, m->live, &m->first, &m->pending);
}

int modules_release(struct run *run)
{
	struct modules *m = &run->modules;
	int r = 0;

	STRV_FOREACH(alias, m->held)
		r = r < 0 ? r : strv_push(&m->pending, *alias);
	if (r < 0)
		return r;
	strv_free(TAKE_PTR(m->held));
	return modules_start(run);
}

void modules_stop(struct modules *m)
{
	m->live = NULL;
	m->open = 0;
}

/* Is it queued, or with a worker that does not hang? */
static bool is_under_way(const struct run *run, const char *alias)
{
	const struct modules *m = &run->modules;

	for (size_t i = 0; i < run->jobs.n; i++) {
		const struct job *job = run->jobs.items[i];
		const struct batch *b = job->kind == &batch_kind ? job->data : NULL;

		if (b && !b->stalled && batch_has(b, alias))
			return true;
	}
	return strv_contains(m->first, alias) || strv_contains(m->aside, alias) || strv_contains(m->pending, alias);
}

/* The others are not waited for: behind a module that looks at a hundred disks it would be the last. */
static int settle(struct run *run, const char *alias)
{
	int r = modules_start(run);

	while (r == 0 && is_under_way(run, alias))
		r = loop_wait(run, USEC_FOREVER);
	return r;
}

int modules_need(struct run *run, const char *alias)
{
	int r = modules_ask_first(&run->modules, alias);

	if (r == 0)
		r = settle(run, alias);
	if (r == 0 && strv_contains(run->modules.unserved, alias) && reserve_pending(run)) {
		reserve_bring(run);
		r = settle(run, alias);
	}
	return r;
}

void modules_free(struct modules *m)
{
	strv_free(m->asked);
	strv_free(m->first);
	strv_free(m->aside);
	strv_free(m->pending);
	strv_free(m->held);
	strv_free(m->unserved);
	strv_free(m->failed);
	*m = (struct modules){ 0 };
}
