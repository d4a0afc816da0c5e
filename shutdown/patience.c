/* SPDX-License-Identifier: MIT */
/* patience: when to try harder. */
#include "base/clock.h"
#include "shutdown/patience.h"
#include "shutdown/plan.h"

/* Less than this many KiB written is what an idle machine's daemons do, not a disk at work. */
#define DISK_STEP 256

struct patience patience_begin(uint64_t now, uint64_t deadline)
{
	return (struct patience){ .since = now, .deadline = deadline, .dirty = UINT64_MAX };
}

bool patience_look(struct patience *p, const struct snapshot *s, bool at_work, uint64_t now)
{
	uint64_t fingerprint = snapshot_fingerprint(s);
	bool progress = fingerprint != p->fingerprint;

	p->fingerprint = fingerprint;
	/* A slow disk that is being flushed shows no other sign of life. */
	if (s->dirty < p->dirty && p->dirty - s->dirty >= DISK_STEP) {
		p->dirty = s->dirty;
		progress = true;
	}
	if (!at_work || s->written - p->written >= DISK_STEP) {
		p->written = s->written;
		progress |= at_work;
	}
	if (progress)
		p->since = now;
	return progress;
}

bool patience_is_over(const struct patience *p, bool idle, uint64_t now)
{
	uint64_t patience = now >= p->deadline ? PATIENCE_LATE_USEC : PATIENCE_USEC;

	/* The deadline itself ends all patience with the gentle levels. */
	if (now >= p->deadline && p->level < E_READONLY)
		return true;
	return idle || now >= clock_add(p->since, patience);
}

/* Does that level have something to do that none below it has? */
static int is_worth(const struct snapshot *s, int level, bool *ret)
{
	_cleanup_plan_ struct plan plan = { 0 };
	int r = teardown_plan(s, level, &plan);

	if (r == 0)
		*ret = plan.highest == level;
	return r;
}

int patience_escalate(struct patience *p, const struct snapshot *s, uint64_t now)
{
	int level = now >= p->deadline ? MAX(p->level + 1, E_READONLY) : p->level + 1;
	bool worth = false;

	for (; level <= E_SYSRQ; level++) {
		int r = is_worth(s, level, &worth);

		if (r < 0)
			return r;
		if (worth)
			break;
	}
	p->level = level;
	p->since = now;
	return 0;
}
