/* SPDX-License-Identifier: MIT */
/* harmless: a test of code that reboots gives up the right to do so first, whatever becomes of its wraps. */
#pragma once

#include <linux/capability.h>
#include <sys/prctl.h>

#include "unit/unit.h"

int capget(cap_user_header_t header, cap_user_data_t data);
int capset(cap_user_header_t header, const cap_user_data_t data);

static inline int harmless_setup(void **state)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (capget(&header, data) < 0)
		return -1;
	data[0].effective &= ~(1U << CAP_SYS_BOOT);
	data[0].permitted &= ~(1U << CAP_SYS_BOOT);
	return capset(&header, data);
}
