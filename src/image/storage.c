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
	const char *program, *usual;
	const char *reason;
} tools[] = {
	{ LAYER_CRYPT, NULL, "cryptsetup", "usr/sbin/cryptsetup", "opens LUKS containers" },
	{ LAYER_LVM, NULL, "lvm", "usr/sbin/lvm", "activates logical volumes" },
	{ LAYER_LVM, "dm_thin_pool", "thin_check", "usr/sbin/thin_check",
	  "lvm calls it before it activates a thin pool" },
	{ LAYER_LVM, "dm_cache", "cache_check", "usr/sbin/cache_check",
	  "lvm calls it before it activates a cache" },
	{ LAYER_RAID, NULL, "mdadm", "usr/sbin/mdadm", "assembles arrays" },
	{ LAYER_RAID, NULL, "mdmon", "usr/sbin/mdmon", "keeps the metadata of IMSM and DDF arrays" },
};

static bool is_needed(const struct config *c, const struct tool *tool)
{
	if (!c->for_host)
		return true;
	return target_has_layer(&c->target, tool->kind) &&
	       (!tool->module || strv_contains(c->target.modules, tool->module));
}

int storage_add(struct build *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		const struct tool *tool = &tools[i];
		int r;

		if (!is_needed(b->config, tool))
			continue;
		r = program_add(b, tool->program, tool->usual, tool->reason, NULL);
		/* For this machine prove_layers() says what is missing. */
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}
