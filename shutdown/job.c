/* SPDX-License-Identifier: MIT */
/* job: the actions of a plan at work. */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "shutdown/job.h"

#define LEAST_USEC (5 * USEC_PER_SEC)

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

static bool crew_has(const struct crew *c, const struct node *n)
{
	for (size_t i = 0; i < c->n; i++)
		if (!c->orders[i].over && c->orders[i].kind == n->kind && streq(c->orders[i].name, n->name))
			return true;
	return false;
}

/* A crew has many slots, one behind the other as a rule: its list is looked through once. */
static bool is_at_work(const struct jobs *j, const struct node *n)
{
	const struct crew *seen = NULL;

	for (size_t i = 0; i < JOBS; i++) {
		const struct crew *c = j->slots[i].crew;

		if (c && c != seen && crew_has(c, n))
			return true;
		seen = c ? c : seen;
	}
	return false;
}

/* The time of an order begins when it does. */
static void begin(struct job *job, struct order *order)
{
	uint64_t now = clock_monotonic(), end = clock_add(now, order->timeout);

	job->order = order;
	job->noted = false;
	job->worker.deadline = MIN(end, MAX(job->crew->deadline, clock_add(now, LEAST_USEC)));
	job->crew->waiting--;
}

struct membership {
	const struct crew *crew;
	size_t first;
};

static int work(int out, void *data)
{
	const struct membership *m = data;

	return crew_work(m->crew, m->first, out);
}

static int start_member(struct jobs *j, struct crew *c, size_t first)
{
	struct membership m = { c, first };
	struct job *job = free_slot(j);
	int r = job ? worker_start(work, &m, UINT64_MAX, &job->worker) : -EAGAIN;

	if (r < 0)
		return r;
	job->crew = c;
	job->seen = 0;
	c->members++;
	j->running++;
	begin(job, &c->orders[first]);
	return 0;
}

/* Each begins with an order of its own, so that each round at least these are tried. */
static void start_crew(struct jobs *j, struct crew *c)
{
	size_t members = MIN(MIN(c->n, CREW), JOBS - j->running);
	int r = crew_queue(c, members);

	if (r < 0)
		log_warning("cannot make a list of what is to be done: %s, ignoring", strerror(-r));
	for (size_t i = 0; i < members; i++) {
		r = start_member(j, c, i);
		if (r == 0)
			continue;
		c->orders[i].over = true;
		c->waiting--;
		log_errno(r, "cannot start a worker for %s", c->orders[i].what);
	}
	if (c->members == 0)
		crew_free(c);
}

void jobs_start(struct jobs *j, int root, const struct snapshot *s, const struct plan *p, int level,
		uint64_t deadline)
{
	struct crew *c = j->running < JOBS ? crew_new(root, level, deadline) : NULL;
	int r = 0;

	for (size_t i = 0; c && r == 0 && i < p->n; i++)
		if (!is_at_work(j, &s->nodes[p->actions[i].node]))
			r = crew_add(c, &s->nodes[p->actions[i].node], &p->actions[i]);
	if (r < 0)
		log_errno(r, "cannot list all that is to be done");
	if (c && c->n > 0)
		start_crew(j, c);
	else
		crew_free(c);
}

static void note(struct jobs *j, struct job *job, const struct record *rec, struct tried *tried)
{
	const struct order *o = job->order;
	const struct act *act = &o->layer->acts[rec->act];
	struct tried_node *t = tried_get(tried, o->kind, o->name);

	log_debug("%s: %s: %s", o->what, act->name, rec->result < 0 ? strerror(-rec->result) : "done");
	if (rec->result == 0 && act->run == mount_freeze)
		(void)tried_freeze(tried, o->dev);
	j->lost |= rec->result == -EIO;
	if (!t || rec->result == 0)
		return;
	/* What remains noted is the first failure: the plain way's is the telling one. */
	if (!job->noted) {
		t->act = act->name;
		t->error = rec->result;
	}
	job->noted = true;
	/* Once: a disk that is gone says so whenever it is asked. */
	if (rec->result == -EIO && !t->lost)
		log_error("cannot write back all of %s: %s", o->what, strerror(EIO));
	t->lost |= rec->result == -EIO;
}

/* Forgets the job; the worker is reaped already, or never will be. */
static void drop(struct jobs *j, struct job *job)
{
	close_fd(&job->worker.fd);
	free(job->worker.record);
	job->order->over = true;
	if (--job->crew->members == 0)
		crew_free(job->crew);
	*job = (struct job){ .worker = WORKER_NONE };
	j->running--;
}

static void give_up(struct jobs *j, struct job *job, struct tried *tried)
{
	const struct order *o = job->order;
	struct tried_node *t = tried_get(tried, o->kind, o->name);

	(void)kill(job->worker.pid, SIGKILL);
	log_warning("%s does not answer, trying other ways, ignoring", o->what);
	if (t) {
		t->spent = job->crew->level + 1;
		t->act = "wait";
		t->error = -ETIMEDOUT;
	}
	drop(j, job);
}

/* Returns how many records have come. */
static size_t take_records(struct jobs *j, struct job *job, struct tried *tried)
{
	size_t n = 0;

	for (; job->seen + sizeof(struct record) <= job->worker.size; n++) {
		struct record rec;

		memcpy(&rec, job->worker.record + job->seen, sizeof(rec));
		job->seen += sizeof(rec);
		if (rec.act != RECORD_BEGUN) {
			note(j, job, &rec, tried);
			continue;
		}
		job->order->over = true;
		begin(job, &job->crew->orders[rec.order]);
	}
	return n;
}

/* Has its crew more to do, and got on with it? */
static bool look_at(struct jobs *j, struct job *job, struct tried *tried)
{
	int r = worker_read(&job->worker);
	bool news = take_records(j, job, tried) > 0 && job->crew->waiting > 0;

	if (r == 0 && clock_monotonic() >= job->worker.deadline)
		give_up(j, job, tried);
	if (r == 0)
		return news;
	(void)worker_finish(&job->worker);
	drop(j, job);
	return news;
}

static void take_back(struct jobs *j)
{
	for (size_t i = 0; i < JOBS; i++)
		if (j->slots[i].worker.pid > 0)
			crew_take_back(j->slots[i].crew);
}

void jobs_wait(struct jobs *j, uint64_t usec, struct tried *tried)
{
	uint64_t end = clock_add(clock_monotonic(), usec);

	do {
		struct pollfd fds[JOBS];

		for (size_t i = 0; i < JOBS; i++)
			fds[i] = (struct pollfd){ .fd = j->slots[i].worker.fd, .events = POLLIN };
		(void)poll(fds, JOBS, clock_poll_ms(end, clock_monotonic()));
		for (size_t i = 0; i < JOBS; i++)
			if (j->slots[i].worker.pid > 0 && look_at(j, &j->slots[i], tried))
				end = clock_add(clock_monotonic(), usec);
	} while (j->running > 0 && clock_monotonic() < end);
	take_back(j);
}

void jobs_extend(struct jobs *j, uint64_t deadline)
{
	uint64_t now = clock_monotonic();

	for (size_t i = 0; i < JOBS; i++) {
		struct job *job = &j->slots[i];

		if (job->worker.pid > 0)
			job->worker.deadline = MAX(job->worker.deadline,
						   MIN(clock_add(now, job->order->timeout), deadline));
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
