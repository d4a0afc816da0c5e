/* SPDX-License-Identifier: MIT */
/* init: /init, and the exitrd that it will copy to /run/initramfs. */
#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "image/build.h"

struct program {
	const char *name, *path, *reason;
};

#define SHUTDOWN { "shutdown", EXITRD "shutdown", "systemd runs it when the machine is to be powered off" }

static const struct program ours[] = { { "init", "init", "the kernel runs it" }, SHUTDOWN };

/* slipway-stage.service calls it for what the way back needs. */
static const struct program below_systemd[] = {
	{ "init", "usr/lib/slipway/init", "leaves the exitrd behind" }, SHUTDOWN,
};

static int add_programs(struct build *b, const struct program *programs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *source = NULL;
		int r;

		if (asprintf(&source, "%s/%s", b->config->programs, programs[i].name) < 0)
			return -ENOMEM;
		r = tree_add(&b->tree,
			     &(struct tree_node){ .path = programs[i].path,
						  .mode = S_IFREG | 0755,
						  .source_root = AT_FDCWD,
						  .source = source,
						  .reason = programs[i].reason },
			     NULL);
		if (r < 0)
			return log_errno(r, "cannot take in %s (--libexecdir says where it is)", source);
	}
	return 0;
}

int init_add(struct build *b)
{
	int r;

	if (!b->systemd)
		return add_programs(b, ours, ARRAY_SIZE(ours));
	r = tree_add(&b->tree,
		     &(struct tree_node){ .path = "init",
					  .mode = S_IFLNK | 0777,
					  .target = "usr/lib/systemd/systemd",
					  .reason = "the kernel runs it" },
		     NULL);
	return r < 0 ? log_errno(r, "cannot add /init") : add_programs(b, below_systemd, ARRAY_SIZE(below_systemd));
}
