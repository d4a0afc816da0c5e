/* SPDX-License-Identifier: MIT */
/* load-order: modules of the tree, each after all that it depends on. */
#include <errno.h>
#include <libkmod.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/load-order.h"
#include "image/module-file.h"

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

/* NULL: built in, or left out of the image. */
static const struct tree_node *file_of(const struct load_order *o, struct kmod_module *mod)
{
	const char *path = kmod_module_get_path(mod), *relative = path ? startswith(path, o->modules->dir) : NULL;

	return relative ? module_file_find(o->modules->build, relative + 1) : NULL;
}

/* What a softdep puts after a module follows it. */
static int place(struct load_order *o, struct kmod_module *mod, const char *why)
{
	struct kmod_list *before = NULL, *after = NULL;
	const char *name = kmod_module_get_name(mod);
	const struct tree_node *file = file_of(o, mod);
	size_t seen;
	int r;

	if (!file || strv_contains(o->seen, name))
		return 0;
	r = strv_push(&o->seen, name);
	if (r == 0)
		r = kmod_module_get_softdeps(mod, &before, &after);
	if (r >= 0)
		r = place_list(o, kmod_module_get_dependencies(mod), why);
	if (r >= 0)
		r = place_list(o, TAKE_PTR(before), why);
	if (r >= 0)
		r = o->put(o->data, mod, file, why);
	seen = strv_length(o->seen);
	if (r >= 0)
		r = place_list(o, TAKE_PTR(after), why);
	o->followed |= strv_length(o->seen) > seen;
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
