/* SPDX-License-Identifier: MIT */
/* resume: devices that are suspended and file systems that are frozen take requests again. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/worker.h"
#include "shutdown/layer.h"
#include "shutdown/run.h"

#define RESUME_USEC (5 * USEC_PER_SEC)
/* For all that are thawed: to open one on a disk that hangs takes all the time that it is given. */
#define THAW_USEC     (2 * USEC_PER_SEC)
#define THAW_ALL_USEC (6 * USEC_PER_SEC)

struct call {
	int root;
	const struct node *node;
	int (*act)(int root, const struct node *n);
};

static int act_in_worker(int out, void *data)
{
	const struct call *call = data;

	return call->act(call->root, call->node);
}

static void resume_device(const struct run *run, const struct node *n)
{
	struct call call = { run->root, n, dm_resume };
	int r;

	if (n->kind != NODE_DEVICE || !dm_matches(n) || !streq(n->state, "suspended"))
		return;
	r = worker_call(act_in_worker, &call, clock_add(clock_monotonic(), RESUME_USEC), NULL, NULL);
	if (r < 0)
		log_errno(r, "cannot resume %s (%s)", n->name, n->label);
	else
		log_notice("resumed %s (%s)", n->name, n->label);
}

/* One mount of each superblock that somebody may have frozen (fsfreeze(8), a snapshot that was never ended). */
static bool may_be_frozen(const struct snapshot *s, size_t i)
{
	const struct node *n = &s->nodes[i];

	if (n->kind != NODE_MOUNT || n->keep || mount_is_api(n) || mount_is_remote(n) ||
	    !when_writable(n, &(struct standing){ 0 }))
		return false;
	for (size_t k = 0; k < i; k++)
		if (s->nodes[k].kind == NODE_MOUNT && s->nodes[k].dev == n->dev && !s->nodes[k].keep)
			return false;
	return true;
}

static void thaw(const struct run *run, const struct node *n, uint64_t end)
{
	struct call call = { run->root, n, mount_thaw };
	uint64_t now = clock_monotonic();
	int r;

	if (now >= end)
		return;
	r = worker_call(act_in_worker, &call, MIN(clock_add(now, THAW_USEC), end), NULL, NULL);
	if (r == 0)
		log_notice("thawed %s", n->name);
	else if (r != -EINVAL) /* which says that it is not frozen */
		log_debug("cannot thaw %s: %s, ignoring", n->name, strerror(-r));
}

/*
 * Whoever writes to a suspended device or a frozen file system waits where no signal reaches him, an unmount of ours
 * just as well. In a PID namespace both may be somebody else's: what froze them may still be at work outside.
 */
void resume_suspended(struct run *run)
{
	uint64_t end;
	int r = run_look(run);

	if (r < 0) {
		log_errno(r, "cannot read what is mounted");
		return;
	}
	for (size_t i = 0; i < run->last.n; i++)
		resume_device(run, &run->last.nodes[i]);
	end = clock_add(clock_monotonic(), THAW_ALL_USEC);
	for (size_t i = 0; run->machine && i < run->last.n; i++)
		if (may_be_frozen(&run->last, i))
			thaw(run, &run->last.nodes[i], end);
}
