/* SPDX-License-Identifier: MIT */
/* load-order: modules of the tree, each after all that it depends on. */
#pragma once

#include "image/module.h"

struct kmod_module;

struct load_order {
	struct modules *modules;
	/* Takes each module, in the order of loading. 0, or -errno, which ends it. */
	int (*put)(void *data, struct kmod_module *mod, const struct tree_node *file, const char *why);
	void *data;
	bool followed; /* a softdep puts something after one of them */
	char **seen;   /* strv: by name; a softdep may ask for a module that is on its way */
};

/*
 * What the name or alias stands for, as far as it is in the tree, before each module its dependencies and what its
 * softdeps put before it, behind it what they put there; none twice. The error is logged.
 */
int load_order_add(struct load_order *o, const char *name, const char *why);
void load_order_free(struct load_order *o);

#define _cleanup_load_order_ _cleanup_(load_order_free)
