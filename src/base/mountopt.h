/* SPDX-License-Identifier: MIT */
/* mountopt: mount options as fstab(5) has them, divided for mount(2). Pure. */
#pragma once

#include "base/macro.h"

struct mountopt {
	unsigned long flags; /* MS_* */
	char *data;          /* for the file system; NULL: nothing */
};

/*
 * Of one word given twice the last counts. 0; -ENOTSUP: one of them is libmount's business (a loop device, a user's
 * name, a label of SELinux …); -ENOMEM. The caller frees with mountopt_free(). `options` may be NULL.
 */
int mountopt_parse(const char *options, struct mountopt *ret);
void mountopt_free(struct mountopt *o);
