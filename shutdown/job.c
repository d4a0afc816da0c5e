/* SPDX-License-Identifier: MIT */
/* job: the actions of a plan at work. */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "shutdown/job.h"

#define LEAST_USEC (5 * USEC_PER_SEC)

/* What a worker sends: one for each act that it did. */
struct record {
	int act, result;
};

struct order {
	int root;
	const struct node *node;
	unsigned int acts;
};

static int work(int out, void *data)
{
	const struct order *o = data;

	for (int i = 0; i < LAYER_ACTS; i++) {
		struct record rec = { .act = i };

		if (!(o->acts & (1U << i)))
			continue;
		rec.result = o->node->layer->acts[i].run(o->root, o->node);
		(void)file_write_fd(out, &rec, sizeof(rec));
		if (rec.result == 0 || rec.result == -EIO)
			break;
	}
	return 0;
}

struct jobs jobs_none(void)
{
	struct jobs j = { 0 };

	for (size_t i = 0; i < JOBS; i++)
		j.slots[i].worker = (struct worker)WORKER_NONE;
	return j;
}

static struct job *free_slot(struct jobs *j)
{
	for (size_t i = 0; i < JOBS; i++)
		if (j->slots[i].worker.pid == 0)
			return &j->slots[i];
	return NULL;
}

static bool is_at_work(const struct jobs *j, const struct node *n)
{
	for (size_t i = 0; i < JOBS; i++)
		if (j->slots[i].worker.pid > 0 && j->slots[i].kind == n->kind &&
		    streq(j->slots[i].name, n->name))
			return true;
	return false;
}

static void start_one(struct jobs *j, int root, const struct node *n, const struct action *a, int level,
		      uint64_t deadline)
{
	uint64_t now = clock_monotonic(), end = clock_add(now, a->timeout);
	_cleanup_free_ char *name = strdup(n->name), *what = node_describe(n);
	struct order o = { root, n, a->acts };
	struct job *job = free_slot(j);
	int r;

	if (!job || is_at_work(j, n))
		return;
	end = MIN(end, MAX(deadline, clock_add(now, LEAST_USEC)));
	r = name && what ? worker_start(work, &o, end, &job->worker) : -ENOMEM;
	if (r < 0) {
		log_errno(r, "cannot start a worker for %s %s", n->layer->name, n->name);
		return;
	}
	job->layer = n->layer;
	job->kind = n->kind;
	job->name = TAKE_PTR(name);
	job->what = TAKE_PTR(what);
	job->dev = n->dev;
	job->level = level;
	job->timeout = a->timeout;
	j->running++;
}

void jobs_start(struct jobs *j, int root, const struct snapshot *s, const struct plan *p, int level,
		uint64_t deadline)
{
	for (size_t i = 0; i < p->n; i++)
		start_one(j, root, &s->nodes[p->actions[i].node], &p->actions[i], level, deadline);
}

static void note(struct jobs *j, const struct job *job, const struct record *rec, struct tried *tried)
{
	const struct act *act = &job->layer->acts[rec->act];
	struct tried_node *t = tried_get(tried, job->kind, job->name);

	log_debug("%s: %s: %s", job->what, act->name, rec->result < 0 ? strerror(-rec->result) : "done");
	if (rec->result == 0 && act->run == mount_freeze)
		(void)tried_freeze(tried, job->dev);
	j->lost |= rec->result == -EIO;
	if (!t || rec->result == 0)
		return;
	t->act = act->name;
	t->error = rec->result;
	/* Once: a disk that is gone says so whenever it is asked. */
	if (rec->result == -EIO && !t->lost)
		log_error("cannot write back all of %s: %s", job->what, strerror(EIO));
	t->lost |= rec->result == -EIO;
}

/* Forgets the job; the worker is reaped already, or never will be. */
static void drop(struct jobs *j, struct job *job)
{
	close_fd(&job->worker.fd);
	free(job->worker.record);
	free(job->name);
	free(job->what);
	*job = (struct job){ .worker = WORKER_NONE };
	j->running--;
}

static void give_up(struct jobs *j, struct job *job, struct tried *tried)
{
	struct tried_node *t = tried_get(tried, job->kind, job->name);

	(void)kill(job->worker.pid, SIGKILL);
	log_warning("%s does not answer, trying other ways, ignoring", job->what);
	if (t) {
		t->spent = job->level + 1;
		t->act = "wait";
		t->error = -ETIMEDOUT;
	}
	drop(j, job);
}

static void look_at(struct jobs *j, struct job *job, uint64_t now, struct tried *tried)
{
	int r = worker_read(&job->worker);
	size_t n;

	if (r == 0 && now >= job->worker.deadline)
		give_up(j, job, tried);
	if (r == 0)
		return;
	(void)worker_finish(&job->worker);
	n = job->worker.size / sizeof(struct record);
	/* Backwards, so that what remains noted is the first failure: the plain way's is the telling one. */
	for (size_t i = n; i-- > 0;) {
		struct record rec;

		memcpy(&rec, job->worker.record + i * sizeof(rec), sizeof(rec));
		note(j, job, &rec, tried);
	}
	drop(j, job);
}

void jobs_wait(struct jobs *j, uint64_t usec, struct tried *tried)
{
	uint64_t end = clock_add(clock_monotonic(), usec), now;

	do {
		struct pollfd fds[JOBS];

		for (size_t i = 0; i < JOBS; i++)
			fds[i] = (struct pollfd){ .fd = j->slots[i].worker.fd, .events = POLLIN };
		(void)poll(fds, JOBS, clock_poll_ms(end, clock_monotonic()));
		now = clock_monotonic();
		for (size_t i = 0; i < JOBS; i++)
			if (j->slots[i].worker.pid > 0)
				look_at(j, &j->slots[i], now, tried);
	} while (j->running > 0 && now < end);
}

void jobs_extend(struct jobs *j, uint64_t deadline)
{
	uint64_t now = clock_monotonic();

	for (size_t i = 0; i < JOBS; i++) {
		struct job *job = &j->slots[i];
		uint64_t end = MIN(clock_add(now, job->timeout), deadline);

		if (job->worker.pid > 0)
			job->worker.deadline = MAX(job->worker.deadline, end);
	}
}

void jobs_abandon(struct jobs *j)
{
	for (size_t i = 0; i < JOBS; i++)
		if (j->slots[i].worker.pid > 0) {
			(void)kill(j->slots[i].worker.pid, SIGKILL);
			drop(j, &j->slots[i]);
		}
}
