/* SPDX-License-Identifier: MIT */
/*
 * module: loading kernel modules, in workers (modserver.c).
 *
 * What is asked for is queued once and sent to a worker, which answers line by line and waits for more. A module whose
 * initialisation hangs holds up only what was sent with it, and after a while not even that: the rest goes to a second
 * worker.
 */
#pragma once

#include "base/macro.h"

struct run;
struct batch;

struct modules {
	char **asked;       /* strv: everything that was ever asked for */
	char **first;       /* strv: not yet given to a worker, and goes before all others */
	char **aside;       /* strv: not yet given to a worker, and goes beside all others */
	char **pending;     /* strv: not yet given to a worker */
	char **held;        /* strv: not before there is nothing else to do, see modules_release() */
	char **unserved;    /* strv: asked for by a device, and there is no module for it */
	char **failed;      /* strv: "name: why" */
	struct batch *live; /* what the worker has that takes more; NULL: there is none */
	size_t open;        /* given to workers that do not hang, and not yet served */
	size_t loaded;
	bool names_unserved; /* what is not there was asked for by its name, so a person wants it */
};

/*
 * Queues a modalias or a module's name, and before all that the drivers of what will stand on that device (turn.h);
 * asked twice is asked once. What serves no device but a file system, "fs-ext4", another worker loads where there are
 * several processors. 0 or -ENOMEM.
 */
int modules_ask(struct modules *m, const char *alias);

/* Queues it before all others; where the worker is busy, another one serves it. 0 or -ENOMEM. */
int modules_ask_first(struct modules *m, const char *alias);

/* Queues all that was ever asked for: there are more modules now, and libkmod to look for them. 0 or -ENOMEM. */
int modules_ask_again(struct modules *m);

/*
 * Queues what was held back: drivers whose loading does not end before each of their ports has told whether anything is
 * there. They would hold up the driver of a disk that is there already. 0 or -errno; nothing held is nothing to do.
 */
int modules_release(struct run *run);

/* Gives what is queued to a worker. 0 or -errno. */
int modules_start(struct run *run);

/* The workers were killed with all other jobs. */
void modules_stop(struct modules *m);

/* Is anything queued and not held back, or being loaded by a worker that does not hang? */
bool modules_busy(const struct modules *m);

/*
 * Asks and waits until it was served, by the reserve where the first archive has no such module. Failures were told as
 * any module's. 0 or -errno of waiting.
 */
int modules_need(struct run *run, const char *alias);

void modules_free(struct modules *m);
