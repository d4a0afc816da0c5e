/* SPDX-License-Identifier: MIT */
/* priority: who goes first until the root is there. */
#include "init/priority.h"

#include <sched.h>
#include <sys/resource.h>

#include "base/macro.h"

void priority_take(void)
{
	const struct sched_param none = { 0 };

	/* Who may not do the one could not undo the other. */
	if (setpriority(PRIO_PROCESS, 0, PRIORITY_FIRST) == 0)
		(void)sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
}

void priority_raise(void)
{
	(void)setpriority(PRIO_PROCESS, 0, PRIORITY_FIRST);
}

void priority_leave(void)
{
	const struct sched_param none = { 0 };

	if (sched_getscheduler(0) != (SCHED_OTHER | SCHED_RESET_ON_FORK))
		return;
	(void)sched_setscheduler(0, SCHED_OTHER, &none);
	(void)setpriority(PRIO_PROCESS, 0, 0);
}
