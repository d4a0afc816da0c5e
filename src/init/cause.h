/* SPDX-License-Identifier: MIT */
/* cause: which span led to which. Pure. */
#pragma once

#include "init/profile.h"

/*
 * The id of the span whose end, or whose progress, led to the span `id`; of a wait that which ended it; -1: none.
 *
 * Found from times and devices: a stage follows the one before it; what is done to a device follows what was done to
 * it last; a device comes from the module, or for what is put together from the tool, that runs then or ran last;
 * modules are loaded one after the other. What is about no device, the reserve, follows anything, and is what a tool or
 * a module may have waited for.
 */
int cause_of(const struct profile *p, int id);
