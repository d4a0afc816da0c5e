/* SPDX-License-Identifier: MIT */
/* load-order: the modules that init loads before it looks for devices, each after all that it depends on. */
#include <errno.h>
#include <libkmod.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/load-order.h"

static int place(struct load_order *o, struct kmod_module *mod, const char *why);

/* Takes the list over. */
static int place_list(struct load_order *o, struct kmod_list *list, const char *why)
{
	struct kmod_list *it;
	int r = 0;

	kmod_list_foreach(it, list) {
		struct kmod_module *mod = kmod_module_get_module(it);

		if (r == 0)
			r = place(o, mod, why);
		(void)kmod_module_unref(mod);
	}
	(void)kmod_module_unref_list(list);
	return r;
}

/* 1; 0: built in, or left out of the image. */
static int is_there(const struct load_order *o, struct kmod_module *mod)
{
	const struct build *b = o->modules->build;
	const char *path = kmod_module_get_path(mod), *relative = path ? startswith(path, o->modules->dir) : NULL;
	_cleanup_free_ char *at = NULL;

	if (!relative)
		return 0;
	if (asprintf(&at, "lib/modules/%s%s", b->config->kernel, relative) < 0)
		return -ENOMEM;
	return tree_lookup(&b->tree, at) ? 1 : 0;
}

/* What a softdep puts after a module follows it. */
static int place(struct load_order *o, struct kmod_module *mod, const char *why)
{
	struct kmod_list *before = NULL, *after = NULL;
	const char *name = kmod_module_get_name(mod);
	int r = is_there(o, mod);

	if (r <= 0 || strv_contains(o->seen, name))
		return r < 0 ? r : 0;
	r = strv_push(&o->seen, name);
	if (r == 0)
		r = kmod_module_get_softdeps(mod, &before, &after);
	if (r >= 0)
		r = place_list(o, kmod_module_get_dependencies(mod), why);
	if (r >= 0)
		r = place_list(o, TAKE_PTR(before), why);
	if (r >= 0)
		r = modules_load_first(o->modules, name, why);
	if (r >= 0)
		r = place_list(o, TAKE_PTR(after), why);
	(void)kmod_module_unref_list(before);
	(void)kmod_module_unref_list(after);
	return r;
}

int load_order_add(struct load_order *o, const char *name, const char *why)
{
	struct kmod_list *found = NULL;
	int r = kmod_module_new_from_lookup(o->modules->kmod, name, &found);

	if (r >= 0)
		r = place_list(o, found, why);
	return r < 0 ? log_errno(r, "cannot put module %s into the order of loading", name) : 0;
}

void load_order_free(struct load_order *o)
{
	strv_free(o->seen);
	o->seen = NULL;
}
