/* SPDX-License-Identifier: MIT */
/* load-order: the modules that init loads before it looks for devices, each after all that it depends on. */
#pragma once

#include "image/module.h"

struct load_order {
	struct modules *modules;
	char **seen; /* strv: by name; a softdep may ask for a module that is on its way */
};

/*
 * Puts what the name or alias stands for on the list of modules to be loaded first, as far as it is in the tree, and
 * before each module its dependencies and what its softdeps put before it. The error is logged.
 */
int load_order_add(struct load_order *o, const char *name, const char *why);
void load_order_free(struct load_order *o);

#define _cleanup_load_order_ _cleanup_(load_order_free)
