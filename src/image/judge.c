/* SPDX-License-Identifier: MIT */
/* judge: build's own look at what it is about to write. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "image/build.h"
#include "image/verify.h"

/*
 * Of the tree, not of the bytes that are made of it: those took a library to write, and to read them again would cost
 * as much as all passes. What cannot boot is not written; what may not do all that it should is.
 */
int judge(const struct build *b, bool *ret_doubts)
{
	const struct config *c = b->config;
	_cleanup_findings_ struct findings f = { 0 };
	uint64_t start = clock_monotonic();
	int r = verify(&(struct subject){ .tree = &b->tree,
					  .kernel = c->kernel,
					  .ours = true,
					  .generic = !c->for_host,
					  .left_out = c->settings.omit_modules,
					  .sysroot = &c->sysroot,
					  .modules = c->modules,
					  .fstype = c->fstype,
					  .fstype_from = c->fstype_from,
					  .target = c->for_host ? &c->target : NULL,
					  .no_target = "the image is for any machine" },
		       &f);

	if (r < 0)
		return r;
	findings_log(&f, ", ignoring");
	log_debug("verify: %.1f ms", (double)(clock_monotonic() - start) / USEC_PER_MSEC);
	*ret_doubts = f.doubts > 0;
	if (f.fatals == 0)
		return 0;
	log_error("cannot write %s: it would not boot; the old file is kept", c->image);
	return -EBADMSG;
}
