/* SPDX-License-Identifier: MIT */
/*
 * run: the one mutable thing, owned by main and handed to every stage.
 *
 * A stage is `int stage(struct run *run)`: 0, or -errno after it has logged one error with reason and remedy.
 */
#pragma once

#include <stdint.h>

#include "init/attempts.h"
#include "init/bars.h"
#include "init/boot.h"
#include "init/device.h"
#include "init/gptauto.h"
#include "init/job.h"
#include "init/loop.h"
#include "init/module.h"
#include "init/profile.h"
#include "init/reserve.h"
#include "init/secret.h"

struct fsck_result {
	bool ran;
	int code;
	uint64_t start, end; /* CLOCK_MONOTONIC µs */
	char *unit;          /* systemd's name for this check, e.g. "systemd-fsck-root.service" */
};

/* What will be PID 1, as check_init() found it inside /sysroot. */
struct next_init {
	char *path;   /* inside the root */
	bool systemd; /* it is systemd itself, by device and inode */
	bool credentials; /* it is told where those are that came with the boot loader */
};

struct run {
	uint64_t realtime, monotonic; /* when main() began, µs */
	char **args;                  /* the kernel's leftover words, for the next init; borrowed from argv */
	char **environment;           /* as the kernel gave it to us; borrowed */

	struct boot boot;             /* const to all but the cmdline stage */
	struct gptauto gpt;           /* what root=gpt-auto means here */
	struct devices devices;
	struct attempts attempts;
	struct modules modules;
	struct reserve reserve;
	struct loop loop;
	struct jobs jobs;
	struct profile profile;
	int span;                     /* of the stage that runs */
	int processes, newest;        /* the newest when /proc was mounted, and at the switch: process_newest() */
	struct secrets *secrets;      /* NULL: nobody was asked */

	dev_t root_dev;               /* of the mounted root; 0: not ours to know */
	struct fsck_result root_fsck, usr_fsck;
	struct next_init next;
	struct bars bars;             /* for systemd; empty: it gets none */
	bool secret_refused;          /* a passphrase was wrong: no shell any more */
};
