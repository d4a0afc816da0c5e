/* SPDX-License-Identifier: MIT */
/*
 * module: loading kernel modules with libkmod, in workers. The only file that knows libkmod.
 *
 * What is asked for is queued once; a worker takes the whole queue and reports one line for each request. A
 * module whose initialisation hangs holds up only the rest of its own batch, and after a while not even that:
 * the rest goes to a second worker.
 */
#pragma once

#include "base/macro.h"

struct run;

struct modules {
	char **asked;    /* strv: everything that was ever asked for */
	char **pending;  /* strv: not yet given to a worker */
	char **unserved; /* strv: asked for by a device, and the image has no module for it */
	char **failed;   /* strv: "name: why" */
	size_t loaded;
	size_t stalled;  /* workers that hang in one module */
};

/* Queues a modalias or a module's name; asked twice is asked once. 0 or -ENOMEM. */
int modules_ask(struct modules *m, const char *alias);

/* Gives what is queued to a worker. 0 or -errno. */
int modules_start(struct run *run);

/* The unserved modaliases that look like storage, "pci:…, usb:…" and how many others; NULL when none. */
char *modules_describe_unserved(const struct modules *m);
void modules_free(struct modules *m);
