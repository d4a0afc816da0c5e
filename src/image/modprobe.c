/* SPDX-License-Identifier: MIT */
/* modprobe: run by the kernel itself, for file systems, code pages and ciphers. */
#include <errno.h>

#include "base/log.h"
#include "image/build.h"
#include "image/program.h"
#include "image/pull.h"

/* Read by /init for what it loads itself, and by libkmod. */
static const char *const config_dirs[] = { "etc/modprobe.d", "usr/lib/modprobe.d",
					   "lib/modprobe.d" };

static int add_program(struct build *b)
{
	const struct tree_node *modprobe;
	int r = program_add(b, "modprobe", "usr/sbin/modprobe", "the kernel runs it to load modules", &modprobe);

	if (r == -ENOENT)
		log_error("cannot find modprobe in %s: install the package kmod there", b->config->sysroot.path);
	return r < 0 ? r : tree_alias(&b->tree, "sbin/modprobe", "/usr/sbin/modprobe", modprobe);
}

int modprobe_add(struct build *b)
{
	const struct sysroot *s = &b->config->sysroot;
	int r;

	if (!tree_lookup(&b->tree, "lib/modules"))
		return 0;
	build_into(b, SEGMENT_RESERVE);
	r = b->modprobe ? add_program(b) : 0;
	if (r < 0)
		return r;
	build_into(b, SEGMENT_MAIN);
	for (size_t i = 0; i < ARRAY_SIZE(config_dirs); i++) {
		r = pull_directory(&b->tree, s,
				   &(struct pull){ .path = config_dirs[i],
						   .flags = TREE_DATA,
						   .reason = "configuration of module loading" },
				   ".conf");
		if (r < 0)
			return log_errno(r, "cannot take in %s from %s", config_dirs[i], s->path);
	}
	return 0;
}
