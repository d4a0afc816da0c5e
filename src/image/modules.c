/* SPDX-License-Identifier: MIT */
/* modules: the pass that takes in the kernel modules. */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/firmware.h"
#include "image/host.h"
#include "image/load-order.h"
#include "image/module-index.h"
#include "image/module-rules.h"
#include "image/module.h"
#include "image/near.h"
#include "image/wanted.h"

static int add_paths(struct modules *m, const struct module_rule *rule)
{
	for (size_t i = 0; i < m->n; i++) {
		_cleanup_free_ char *name = NULL;
		int r;

		if (!startswith(m->paths[i], rule->what) || module_rules_leave_out(m->paths[i]))
			continue;
		name = module_name(m->paths[i]);
		if (!name)
			return -ENOMEM;
		r = modules_add_name(m, name, rule->reason, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_rules(struct modules *m, const struct module_rule *rules)
{
	int r = 0;

	for (const struct module_rule *rule = rules; r == 0 && rule->what; rule++) {
		if (rule->leave_out)
			continue;
		r = strchr(rule->what, '/') ? add_paths(m, rule)
					    : modules_add_name(m, rule->what, rule->reason, NULL);
	}
	return r;
}

/* Every kernel for PCs has some of its own modules: ciphers, KVM. */
static bool is_pc(const struct modules *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (startswith(m->paths[i], "kernel/arch/x86/"))
			return true;
	return false;
}

/*
 * By the alias that the kernel asks for at mount(2), then by name. A type that a kernel has
 * neither as a module nor on its list of built-in ones may still be compiled in where it never
 * can be a module.
 */
static int add_type(struct modules *m, const char *fstype, const char *from, const char *what)
{
	_cleanup_free_ char *alias = NULL, *why = NULL;
	int found = 0, r;

	if (!fstype)
		return 0;
	if (asprintf(&alias, "fs-%s", fstype) < 0 || asprintf(&why, "%s, %s (%s)", what, fstype, from) < 0)
		return -ENOMEM;
	const char *names[] = { alias, fstype };

	for (size_t i = 0; found == 0 && i < ARRAY_SIZE(names); i++) {
		r = wanted_check(m, names[i], why);
		if (r == 0)
			r = modules_add_name(m, names[i], what, &found);
		if (r == 0 && found > 0)
			r = modules_load_first(m, names[i], why);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_types(struct modules *m)
{
	const struct config *c = m->build->config;
	int r = add_type(m, c->fstype, c->fstype_from, "the root's file system");

	return r < 0 ? r : add_type(m, c->usr_fstype, c->usr_fstype_from, "the file system of /usr");
}

/* In an image for this machine each is near: there is none that it may not need. */
static int add_all(struct modules *m)
{
	struct build *b = m->build;
	int r;

	m->near = b->reserve && module_index_is_there(b);
	/* First what was asked for, so that its reason is the one that is told. */
	r = wanted_add(m);
	if (r == 0 && b->config->for_host)
		r = host_add_modules(m);
	if (r == 0)
		r = add_types(m);
	if (r == 0 && !b->config->for_host && m->near)
		r = near_add_usual(m);
	m->near = false;
	if (r == 0 && !b->config->for_host)
		r = add_rules(m, module_rules);
	if (r == 0 && !b->config->for_host && !is_pc(m))
		r = add_rules(m, module_board_rules);
	return r;
}

/* load_order's `put`. */
static int pass_by(void *data, struct kmod_module *mod, const struct tree_node *file, const char *why)
{
	return 0;
}

/*
 * Is there a module that the kernel, a device or a tool may ask for later? Where /init has loaded all of them before it
 * looks for devices, and each by itself, there is nothing to do for libkmod and modprobe(8), which on Debian bring
 * libcrypto along, 5 MB.
 */
static int find_askers(struct modules *m, const struct near *near)
{
	_cleanup_load_order_ struct load_order o = { .modules = m, .put = pass_by };
	struct build *b = m->build;
	int r = 0;

	b->modprobe = !b->reserve || !b->config->for_host || near->n < strv_length(m->candidates);
	STRV_FOREACH(name, m->first)
		if (r == 0)
			r = load_order_add(&o, *name, NULL);
	STRV_FOREACH(name, m->candidates)
		b->modprobe |= !strv_contains(o.seen, *name);
	return r;
}

int modules_add(struct build *b)
{
	_cleanup_modules_ struct modules m = { 0 };
	_cleanup_near_ struct near near = { 0 };
	const struct tree_node *dir;
	int r = modules_open(b, &m);

	if (r < 0)
		return r;
	build_into(b, SEGMENT_RESERVE);
	r = add_all(&m);
	if (r < 0)
		return r;
	dir = tree_lookup(&b->tree, "lib/modules");
	if (!dir)
		return 0; /* a kernel without modules that an initrd has use for */
	if ((r = near_choose(&m, &near)) < 0 || (r = find_askers(&m, &near)) < 0 || (r = firmware_add(&m)) < 0 ||
	    (r = module_index_add(b, &near)) < 0)
		return r;
	build_into(b, SEGMENT_MAIN);
	r = tree_alias(&b->tree, "usr/lib/modules", "../../lib/modules", dir);
	return r < 0 ? r : wanted_finish(&m);
}
