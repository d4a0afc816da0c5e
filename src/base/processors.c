/* SPDX-License-Identifier: MIT */
/* processors: how many this process may run on. */
#include "base/processors.h"

#include <sched.h>

unsigned int processors_usable(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) < 0 ? 0 : (unsigned int)CPU_COUNT(&set);
}
