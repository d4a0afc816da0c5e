/* SPDX-License-Identifier: MIT */
/* coldplug: the devices that were there before we listened, read from /sys. */
#pragma once

#include "init/uevent.h"

struct run;

/*
 * Calls `take` for each block device and for each device on a bus that has a modalias and no driver yet, as if its
 * "add" had just come. Reads; writes nothing. Stops at the first error of `take`.
 */
int coldplug(int sysfd, struct run *run, int (*take)(struct run *run, const struct uevent *u));
