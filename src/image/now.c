/* SPDX-License-Identifier: MIT */
/* now: what build would make now, for the commands that look at it. */
#include <errno.h>

#include "base/log.h"
#include "image/build.h"
#include "image/now.h"

int now_check_usage(const char *command, const struct config *c)
{
	const struct {
		bool given;
		const char *option;
	} writing[] = {
		{ c->output, "--output" },
		{ c->uki, "--uki" },
		{ c->force, "--force" },
		{ c->all, "--regenerate-all" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(writing); i++)
		if (writing[i].given) {
			log_error("cannot use %s: %s writes no image", writing[i].option, command);
			return -EINVAL;
		}
	return 0;
}

int now_complete(struct config *c, const struct image *like)
{
	_cleanup_manifest_ struct manifest m = { 0 };
	const struct newc_entry *e;
	struct manifest_failure failure;
	const char *asked = c->kver;
	int r;

	if (!asked && like && archive_find(&like->archive, MANIFEST, &e) == 0 &&
	    manifest_read(e->data, e->size, &m, &failure) == 0)
		c->kver = m.kernel;
	c->force = true;
	r = config_complete(c);
	c->kver = asked; /* not the manifest's, which goes */
	return r;
}

int now_open(struct config *c, const struct image *like, struct image *ret)
{
	int r = now_complete(c, like);

	return r < 0 ? r : build_now(c, ret);
}
