/* SPDX-License-Identifier: MIT */
/* leave: the only ways out of PID 1 that are not the next init. */
#pragma once

#include "init/boot.h"

/* Syncs and does it at once: restart, power off, halt, or exit so that the kernel's panic= counts. */
_Noreturn void leave_now(enum emergency how);

/* After an error that was told: writes what is known to /run/slipway/report, waits 30 s, leaves. */
struct run;
_Noreturn void leave_after_failure(struct run *run, const char *stage);
