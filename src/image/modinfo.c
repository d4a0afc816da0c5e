/* SPDX-License-Identifier: MIT */
/* modinfo: what a module says of itself. */
#include <errno.h>
#include <libkmod.h>

#include "base/strv.h"
#include "image/modinfo.h"

static void module_unref(struct kmod_module **m)
{
	(void)kmod_module_unref(*m);
}

int modinfo_read(struct kmod_ctx *kmod, const char *name, const char *key, char ***ret)
{
	_cleanup_(module_unref) struct kmod_module *mod = NULL;
	struct kmod_list *list = NULL, *it;
	int r = kmod_module_new_from_name(kmod, name, &mod);

	if (r == 0)
		r = kmod_module_get_info(mod, &list);
	/* A module without that section says nothing of itself: libkmod finds no entry, older ones no data. */
	if (r == -ENOENT || r == -ENODATA)
		return 0;
	if (r < 0)
		return r;
	r = 0;
	kmod_list_foreach(it, list)
		if (r == 0 && streq(kmod_module_info_get_key(it), key))
			r = strv_push(ret, kmod_module_info_get_value(it));
	kmod_module_info_free_list(list);
	return r;
}
