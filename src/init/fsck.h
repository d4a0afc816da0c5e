/* SPDX-License-Identifier: MIT */
/* fsck: checking a file system before it is mounted, by fsck.TYPE of its own project. */
#pragma once

#include "init/device.h"
#include "init/run.h"

/* Which file system is checked, and where its code is left for the real system. */
struct fsck_request {
	const struct device *device;
	const char *fstype;
	const char *what;      /* "root", "usr": /run/initramfs/root-fsck, /run/initramfs/fsck-root */
	const char *unit;      /* systemd's unit for this check */
};

/*
 * Runs the check that the command line asks for and writes its code. 0: go on; -EUCLEAN: errors that it did
 * not mend; -ECANCELED: the user ended it. Restarts the machine when fsck wants that. Logs.
 */
int fsck_run(struct run *run, const struct fsck_request *request, struct fsck_result *ret);

/* Did a check run that leaves systemd nothing to do? What found more than it mended is checked again. */
bool fsck_is_done(const struct fsck_result *check);
