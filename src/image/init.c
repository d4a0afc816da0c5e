/* SPDX-License-Identifier: MIT */
/* init: /init, and the exitrd that it will copy to /run/initramfs. */
#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "image/build.h"

static const struct program {
	const char *name, *path, *reason;
} programs[] = {
	{ "init", "init", "the kernel runs it" },
	{ "shutdown", EXITRD "shutdown",
	  "systemd runs it when the machine is to be powered off" },
};

int init_add(struct build *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
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
			return log_errno(r, "cannot take in %s (--libexecdir says where it is)",
					 source);
	}
	return 0;
}
