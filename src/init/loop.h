/* SPDX-License-Identifier: MIT */
/*
 * loop: the one place that waits. poll(2) on the kernel's device messages, the workers' pipes and SIGCHLD
 * until something happens or a deadline comes. No polling, no timer but deadlines.
 */
#pragma once

#include <stdint.h>

#include "init/plan.h"

struct run;

struct loop {
	int signal_fd, uevent_fd, sys_fd;
};

#define LOOP_CLOSED { .signal_fd = -1, .uevent_fd = -1, .sys_fd = -1 }

/* Begins to listen and takes in all that is there already. Nothing where it listens. 0 or -errno. */
int loop_open(struct run *run);
void loop_close(struct loop *loop);

/*
 * What was tried on the device that the message is about may be tried anew; but what it was given to still has it as
 * long as something stands on it.
 */
void loop_forget(const struct devices *devices, struct attempts *attempts, const struct uevent *u);

/*
 * Waits once, until news or `wake_at`, and takes in all that has come: devices, probes, modules. 0 or -errno.
 */
int loop_wait(struct run *run, uint64_t wake_at);

/*
 * Waits for a device as plan() says. 0 and `*ret`, borrowed until the next loop_wait(); -ETIMEDOUT,
 * -ENOTUNIQ; the error is logged with what was wanted and what was seen.
 */
int await_device(struct run *run, const struct want *want, const struct device **ret);
