/* SPDX-License-Identifier: MIT */
/*
 * storage: the tools that open what the root lies on: cryptsetup, lvm, mdadm.
 *
 * For this machine: those of the layers that it boots from. For any machine: those that the sysroot has installed,
 * since its disks may be laid out in any way; whoever has not installed lvm2 does not boot from LVM.
 */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/build.h"
#include "image/program.h"

static const struct tool {
	enum layer_kind kind;
	const char *module;  /* needed where the target has loaded it; NULL: with each such layer */
	bool (*only)(const struct target *t); /* and where that is so; NULL: everywhere */
	const char *program, *usual;
	const char *reason;
	const char *exitrd;  /* for the way back too: the root that it is put in; NULL: not needed there */
} tools[] = {
	{ LAYER_CRYPT, NULL, NULL, "cryptsetup", "usr/sbin/cryptsetup", "opens LUKS containers", NULL },
	{ LAYER_LVM, NULL, NULL, "lvm", "usr/sbin/lvm", "activates logical volumes", NULL },
	{ LAYER_LVM, "dm_thin_pool", NULL, "thin_check", "usr/sbin/thin_check",
	  "lvm calls it before it activates a thin pool", NULL },
	{ LAYER_LVM, "dm_cache", NULL, "cache_check", "usr/sbin/cache_check",
	  "lvm calls it before it activates a cache", NULL },
	{ LAYER_RAID, NULL, NULL, "mdadm", "usr/sbin/mdadm", "assembles arrays", NULL },
	{ LAYER_RAID, NULL, target_has_external, "mdmon", "usr/sbin/mdmon",
	  "writes the metadata of IMSM and DDF arrays", EXITRD_MDMON },
	{ LAYER_RAID, NULL, target_has_external, "mdadm", "usr/sbin/mdadm", "asks mdmon whether it is ready",
	  EXITRD_MDMON },
};

static bool is_needed(const struct config *c, const struct tool *tool)
{
	if (!c->for_host)
		return true;
	return target_has_layer(&c->target, tool->kind) &&
	       (!tool->module || strv_contains(c->target.modules, tool->module)) &&
	       (!tool->only || tool->only(&c->target));
}

static int add_for_exitrd(struct build *b, const struct tool *tool)
{
	return program_add_below(b, tool->exitrd, tool->program, tool->reason);
}

int storage_add_exitrd(struct build *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		int r = tools[i].exitrd ? add_for_exitrd(b, &tools[i]) : 0;

		if (r == -ENOENT)
			log_warning("cannot find %s, which %s: the way back will have to do without it, ignoring",
				    tools[i].program, tools[i].reason);
		else if (r < 0)
			return r;
	}
	return 0;
}

int storage_add(struct build *b)
{
	build_into(b, SEGMENT_RESERVE);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		const struct tool *tool = &tools[i];
		int r;

		if (!is_needed(b->config, tool))
			continue;
		r = program_add(b, tool->program, tool->usual, tool->reason, NULL);
		if (r == 0 && tool->exitrd)
			r = add_for_exitrd(b, tool);
		/* For this machine prove_layers() says what is missing. */
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}
