/* SPDX-License-Identifier: MIT */
/* verb: how it ends: power off, reboot, halt, kexec, exit. */
#pragma once

#include <signal.h>

#include "base/macro.h"

/* What reboot(2) takes as a parameter, at most, and what systemd writes to /run/systemd/reboot-param. */
#define REBOOT_PARAM_MAX 255

struct verb {
	const char *name;
	int command;      /* of reboot(2) */
	char sysrq;       /* the key that does the same when reboot(2) fails; 0: none */
	sighandler_t crash; /* for a fatal signal: sync, then the command. Async-signal-safe */
};

/* NULL where it is none. */
const struct verb *verb_find(const char *name);

/* Where none was asked for: an unattended machine that does not come back is worse than one that does. */
const struct verb *verb_default(void);

/*
 * What of the file's `size` bytes is a parameter: printable ASCII, at most REBOOT_PARAM_MAX, one newline at the
 * end allowed. 0 with the text in `ret`, or -EINVAL.
 */
int reboot_param_check(const char *data, size_t size, char ret[static REBOOT_PARAM_MAX + 1]);

/* Reads it below `root`: a regular file of uid 0, no symlink. 0, -ENOENT where there is none, or -errno. */
int reboot_param_read(int root, char ret[static REBOOT_PARAM_MAX + 1]);

/*
 * Calls reboot(2), and what else may help when that fails; then waits for ever, for the hardware watchdog.
 * `machine`: not in a PID namespace, so that sysrq is ours to use.
 */
_Noreturn void verb_end(const struct verb *verb, int root, bool machine);
