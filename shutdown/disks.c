/* SPDX-License-Identifier: MIT */
/* disks: what is written back at the end, whatever happened before. */
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/worker.h"
#include "shutdown/meminfo.h"
#include "shutdown/run.h"

#define STALL_USEC (30 * USEC_PER_SEC)
#define LEAST_USEC (5 * USEC_PER_SEC)
#define LOOK_USEC  (500 * USEC_PER_MSEC)

static int sync_in_worker(int out, void *data)
{
	sync();
	return 0;
}

/* Until it has ended (0), the time is up, or nothing more is written: a dead disk shall not use all of it. */
static int await_sync(int root, struct worker *w)
{
	uint64_t least = UINT64_MAX, since = clock_monotonic(), now;

	while ((now = clock_monotonic()) < w->deadline && now < clock_add(since, STALL_USEC)) {
		struct pollfd p = { .fd = w->fd, .events = POLLIN };
		uint64_t dirty;

		(void)poll(&p, 1, clock_poll_ms(MIN(clock_add(now, LOOK_USEC), w->deadline), now));
		if (worker_read(w) != 0)
			return worker_finish(w);
		dirty = meminfo_dirty(root);
		if (dirty < least) {
			least = dirty;
			since = clock_monotonic();
		}
	}
	return -ETIMEDOUT;
}

void sync_disks(struct run *run)
{
	_cleanup_(worker_free) struct worker w = WORKER_NONE;
	uint64_t least = clock_add(clock_monotonic(), LEAST_USEC);
	int r;

	/* A frozen file system was written before it was frozen; sync(2) might wait for its thaw. */
	if (run->tried.n_frozen > 0)
		return;
	r = worker_start(sync_in_worker, NULL, MAX(run->deadline, least), &w);
	if (r == 0)
		r = await_sync(run->root, &w);
	if (r < 0) {
		run->lost = true;
		log_errno(r, "cannot write back all data");
	}
}
