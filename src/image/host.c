/* SPDX-License-Identifier: MIT */
/* host: the modules of an image for what this machine boots from. */
#include <libkmod.h>

#include "image/host.h"
#include "image/load-order.h"
#include "image/needs.h"

struct listing {
	struct modules *modules;
	const char *alias; /* by which all of one need are listed; NULL: each by its name */
};

/* load_order's `put`. */
static int load_first(void *data, struct kmod_module *mod, const struct tree_node *file, const char *why)
{
	const struct listing *l = data;

	return modules_load_first(l->modules, l->alias ?: kmod_module_get_name(mod), why);
}

/* See needs.h for what a name is and what an alias. */
static int add_need(struct modules *m, struct load_order *o, const struct need *need)
{
	struct listing *l = o->data;
	int found = 0;
	int r = modules_add_name(m, need->name, need->reason, &found);
	const char *load = found == 0 && need->alias ? need->alias : need->name;

	if (r == 0 && need->alias && found >= 0)
		r = modules_add_name(m, need->alias, need->reason, NULL);
	/* By that /init knows a file system's driver, which may be loaded beside all others. */
	l->alias = startswith(load, "fs-") ? load : NULL;
	return r < 0 || !need->load ? r : load_order_add(o, load, need->reason);
}

int host_add_modules(struct modules *m)
{
	const struct config *config = m->build->config;
	struct listing l = { .modules = m };
	_cleanup_load_order_ struct load_order o = { .modules = m, .put = load_first, .data = &l };
	_cleanup_needs_ struct needs n = { 0 };
	int r = needs_of(&config->target, config->rescue || target_may_prompt(&config->target), &n);

	for (size_t i = 0; r == 0 && i < n.n; i++)
		r = add_need(m, &o, &n.items[i]);
	return r;
}
