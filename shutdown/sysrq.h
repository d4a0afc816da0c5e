/* SPDX-License-Identifier: MIT */
/* sysrq: the kernel's emergency keys, for the machine's own PID 1 only: they act on all of it. */
#pragma once

/* Presses each key of the string. root may always, whatever kernel.sysrq says. 0 or -errno. */
int sysrq_press(int root, const char *keys);
