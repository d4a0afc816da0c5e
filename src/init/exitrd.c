/* SPDX-License-Identifier: MIT */
/* exitrd: /run/initramfs, for the way back: complete, or without `shutdown` and so not at all. */
#include <errno.h>

#include "base/exitrd.h"
#include "base/file.h"
#include "base/log.h"
#include "init/helper.h"
#include "init/run.h"
#include "init/stages.h"

#define FROM    "/usr/lib/slipway/exitrd"
#define HELPERS "/usr/lib/slipway/exitrd-helpers"
#define TO      "/run/initramfs"

/* Before `shutdown`, which makes an exitrd of it; without them it can still do most. */
static void stage_helpers(int to)
{
	_cleanup_close_ int sys = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int from = open(HELPERS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	helpers_stage(sys, from, to);
}

int prepare_exitrd(struct run *run)
{
	_cleanup_close_ int from = open(FROM, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int to = open(TO, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r = from < 0 || to < 0 ? -errno : 0;

	if (r == 0) {
		stage_helpers(to);
		r = exitrd_stage(from, to);
	}
	if (r < 0)
		log_warning("cannot stage " TO "/shutdown: %s; the way back will be systemd's own, ignoring",
			    strerror(-r));
	return 0;
}
