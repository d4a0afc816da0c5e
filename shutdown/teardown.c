/* SPDX-License-Identifier: MIT */
/*
 * teardown: look, decide, try, until nothing is left or nothing more can be done.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "shutdown/job.h"
#include "shutdown/patience.h"
#include "shutdown/run.h"
#include "shutdown/sysrq.h"

/* Between two looks when nothing has changed: longer each time. */
#define PAUSE_MIN_USEC (20 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (500 * USEC_PER_MSEC)

/* So long the jobs of one look are waited for together before the next look. */
#define ROUND_USEC (50 * USEC_PER_MSEC)

int run_look(struct run *run)
{
	_cleanup_snapshot_ struct snapshot s = { .machine = run->machine };
	int r = snapshot_read(run->root, &s);

	if (r == 0 && !run->machine)
		r = snapshot_confine(&s, &run->ours);
	if (r < 0)
		return r;
	tried_mark(&run->tried, &s);
	snapshot_free(&run->last);
	run->last = s;
	s = (struct snapshot){ 0 };
	return 0;
}

struct loop {
	struct patience patience;
	struct jobs jobs;
	uint64_t pause, retry_at; /* when nothing changes */
};

/* No level is left. What is at work may need longer than all of them took, a flush: it has its time. */
static bool await_last(struct run *run, struct loop *loop)
{
	bool at_work = loop->jobs.running > 0;

	if (at_work)
		jobs_wait(&loop->jobs, PAUSE_MAX_USEC, &run->tried);
	return at_work;
}

/* Returns false when there is no harder way. */
static bool try_harder(struct run *run, struct loop *loop, size_t left)
{
	static const char *const how[] = {
		[E_PLAIN] = "detaching",
		[E_HOLDERS] = "ending their holders",
		[E_FORCE] = "failing what waits for a server",
		[E_READONLY] = "making superblocks read-only",
		[E_FREEZE] = "freezing file systems, removing devices when they are let go",
		[E_SYSRQ] = "emergency sync and remount",
	};
	int r = patience_escalate(&loop->patience, &run->last, clock_monotonic());

	if (r < 0)
		return false;
	if (loop->patience.level > E_SYSRQ)
		return await_last(run, loop);
	run->escalation = MAX(run->escalation, loop->patience.level);
	loop->retry_at = 0;
	log_warning("%zu left, nothing moves: %s", left, how[loop->patience.level]);
	if (loop->patience.level == E_SYSRQ) {
		r = sysrq_press(run->root, "su");
		if (r < 0)
			log_errno(r, "cannot use sysrq");
	}
	return true;
}

/* Not before it is time for it: what was busy a moment ago still is. */
static void try_plan(struct run *run, struct loop *loop, const struct plan *plan, uint64_t now)
{
	uint64_t wait = loop->retry_at > now ? loop->retry_at - now : 0;

	if (wait == 0) {
		jobs_start(&loop->jobs, run->root, &run->last, plan, loop->patience.level, run->deadline);
		wait = MAX(loop->pause, ROUND_USEC);
		loop->retry_at = now + loop->pause;
		loop->pause = MIN(loop->pause * 2, PAUSE_MAX_USEC);
	}
	jobs_wait(&loop->jobs, wait, &run->tried);
}

/* One look and what follows from it. Returns false when it is over. */
static bool turn(struct run *run, struct loop *loop)
{
	_cleanup_plan_ struct plan plan = { 0 };
	uint64_t now;
	bool idle;
	int r;

	r = run_look(run);
	if (r == 0)
		r = teardown_plan(&run->last, loop->patience.level, &plan);
	if (r < 0) {
		log_errno(r, "cannot see what is still there");
		run->lost = true;
		return false;
	}
	if (plan.left == 0 && loop->jobs.running == 0)
		return false;
	now = clock_monotonic();
	if (patience_look(&loop->patience, &run->last, loop->jobs.running > 0, now)) {
		loop->pause = PAUSE_MIN_USEC;
		loop->retry_at = now;
		jobs_extend(&loop->jobs, run->deadline);
		tried_again(&run->tried);
	}
	idle = plan.n == 0 && !plan.emergency && loop->jobs.running == 0;
	if (patience_is_over(&loop->patience, idle, now))
		return try_harder(run, loop, plan.left);
	try_plan(run, loop, &plan, now);
	return true;
}

void tear_down(struct run *run)
{
	struct loop loop = {
		.patience = patience_begin(clock_monotonic(), run->deadline),
		.jobs = jobs_none(),
		.pause = PAUSE_MIN_USEC,
	};

	while (turn(run, &loop))
		;
	jobs_abandon(&loop.jobs);
	run->lost |= loop.jobs.lost;
}
