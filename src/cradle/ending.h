/* SPDX-License-Identifier: MIT */
/* ending: how an init has asked for the machine's end. */
#pragma once

struct ending {
	const char *verb; /* for the exitrd */
	int command;      /* of reboot(2), where there is no exitrd */
};

/*
 * By its wait status: reboot(2) in a PID namespace ends process 1 of that with SIGHUP where a restart is asked for, and
 * with SIGINT for power off and halt alike: the latter becomes the former. NULL: it has ended in another way.
 */
const struct ending *ending_of(int status);
