/* SPDX-License-Identifier: MIT */
/* kmod: any module, by libkmod. */
#include "init/kmod.h"

#include <dlfcn.h>
#include <errno.h>
#include <libkmod.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/optional.h"
#include "init/answer.h"

#define LIBRARY "libkmod.so.2"

/* On Debian it brings libcrypto, 4.7 MB: most boots load their handful of modules without it. */
OPTIONAL_LIBRARY("kmod", "Modules that are not in the first archive", "recommended", LIBRARY);

struct kmod {
	void *library;
	struct kmod_ctx *ctx;
	__typeof__(&kmod_new) new;
	__typeof__(&kmod_unref) unref;
	__typeof__(&kmod_set_log_priority) set_log_priority;
	__typeof__(&kmod_load_resources) load_resources;
	__typeof__(&kmod_list_next) list_next;
	__typeof__(&kmod_module_new_from_lookup) lookup;
	__typeof__(&kmod_module_apply_filter) filter;
	__typeof__(&kmod_module_get_module) module;
	__typeof__(&kmod_module_get_name) name;
	__typeof__(&kmod_module_get_initstate) initstate;
	__typeof__(&kmod_module_probe_insert_module) insert;
	__typeof__(&kmod_module_unref) unref_module;
	__typeof__(&kmod_module_unref_list) unref_list;
};

static const struct optional_symbol symbols[] = {
	{ "kmod_new",                        offsetof(struct kmod, new)              },
	{ "kmod_unref",                      offsetof(struct kmod, unref)            },
	{ "kmod_set_log_priority",           offsetof(struct kmod, set_log_priority) },
	{ "kmod_load_resources",             offsetof(struct kmod, load_resources)   },
	{ "kmod_list_next",                  offsetof(struct kmod, list_next)        },
	{ "kmod_module_new_from_lookup",     offsetof(struct kmod, lookup)           },
	{ "kmod_module_apply_filter",        offsetof(struct kmod, filter)           },
	{ "kmod_module_get_module",          offsetof(struct kmod, module)           },
	{ "kmod_module_get_name",            offsetof(struct kmod, name)             },
	{ "kmod_module_get_initstate",       offsetof(struct kmod, initstate)        },
	{ "kmod_module_probe_insert_module", offsetof(struct kmod, insert)           },
	{ "kmod_module_unref",               offsetof(struct kmod, unref_module)     },
	{ "kmod_module_unref_list",          offsetof(struct kmod, unref_list)       },
};

void kmod_close(struct kmod *k)
{
	if (!k)
		return;
	if (k->ctx)
		(void)k->unref(k->ctx);
	if (k->library)
		(void)dlclose(k->library);
	free(k);
}

static void close_pointer(struct kmod **k)
{
	kmod_close(*k);
}

int kmod_open(struct kmod **ret)
{
	_cleanup_(close_pointer) struct kmod *k = calloc(1, sizeof(*k));
	int r = k ? optional_open(LIBRARY, symbols, ARRAY_SIZE(symbols), k, &k->library) : -ENOMEM;

	if (r < 0)
		return r;
	k->ctx = k->new(NULL, NULL);
	if (!k->ctx)
		return -ENOMEM;
	k->set_log_priority(k->ctx, LOG_EMERG); /* errors come back as return codes */
	(void)k->load_resources(k->ctx);
	*ret = TAKE_PTR(k);
	return 0;
}

static void load_one(const struct kmod *k, struct kmod_module *mod, int fd)
{
	uint64_t begin = clock_monotonic();
	int state = k->initstate(mod), r;

	if (state == KMOD_MODULE_BUILTIN || state == KMOD_MODULE_LIVE)
		return;
	r = k->insert(mod, KMOD_PROBE_APPLY_BLACKLIST, NULL, NULL, NULL, NULL);
	/* That it is not wanted is not worth a word. */
	if (r != KMOD_PROBE_APPLY_BLACKLIST)
		answer_inserted(fd, k->name(mod), begin, r);
}

/* A modalias may stand for several modules, and each of them may serve the device. */
void kmod_serve(struct kmod *k, const char *alias, int fd)
{
	struct kmod_list *found = NULL, *wanted = NULL;
	int r = k->lookup(k->ctx, alias, &found);

	if (r < 0 && r != -ENOSYS /* no index at all */)
		answer_failed(fd, alias, r);
	else if (!found)
		answer_unserved(fd, alias);
	if (found && k->filter(k->ctx, KMOD_FILTER_BLACKLIST, found, &wanted) < 0)
		wanted = NULL;
	for (struct kmod_list *it = wanted; it; it = k->list_next(wanted, it)) {
		struct kmod_module *mod = k->module(it);

		load_one(k, mod, fd);
		(void)k->unref_module(mod);
	}
	(void)k->unref_list(wanted);
	(void)k->unref_list(found);
}
