/* SPDX-License-Identifier: MIT */
/* enter: making a known state of what PID 1 was handed: signals, environment, descriptors, memory, mounts. */
#pragma once

#include "shutdown/verb.h"

/* Fatal signals end in verb->crash, on a stack of their own; all others are as at exec, nothing is blocked. */
void enter_signals(const struct verb *verb);

/* Only TERM and WATCHDOG_* stay in the environment, only descriptors 0-2 stay open; umask 022. */
void enter_process(void);

/*
 * cwd is `root` (of which that is a descriptor), mounts are private, /proc, /sys and /dev are mounted
 * where they were not, memory is locked, the OOM killer looks elsewhere. Nothing of it is worth stopping for: what
 * fails is logged.
 */
void enter_root(int root);

/* Are we PID 1 of the machine, and not of a PID namespace? false where /proc does not tell. */
bool enter_is_machine(int root);
