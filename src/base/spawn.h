/* SPDX-License-Identifier: MIT */
/* spawn: running another program: argv arrays only, never a shell. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

struct spawn {
	const char *const *argv;
	const char *const *envp; /* NULL: PATH alone */
	int stdin_fd;        /* -1: /dev/null */
	int stdout_fd;       /* -1: inherited */
	int stderr_fd;       /* -1: inherited */
	int nice;            /* its nice value; 0: as this process starts its children */
	bool session;        /* setsid, and stdin_fd becomes the controlling terminal */
};

/*
 * Starts argv[0] (a path, or a name looked up in /usr/sbin:/usr/bin:/sbin:/bin) with default
 * signals and no descriptor above 2. -errno of exec itself is returned: a program that is not
 * there is -ENOENT here, not an exit code. The caller waits for `*ret`.
 */
int spawn_start(const struct spawn *s, pid_t *ret);

/*
 * Waits until `deadline` (CLOCK_MONOTONIC µs, USEC_FOREVER for none), then kills it: -ETIMEDOUT.
 * `*ret_status` as waitpid(2) gives it. Never reaps another child.
 */
int spawn_wait(pid_t pid, uint64_t deadline, int *ret_status);

/* Both. */
int spawn_run(const struct spawn *s, uint64_t deadline, int *ret_status);
