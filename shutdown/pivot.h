/* SPDX-License-Identifier: MIT */
/* pivot: into the exitrd, for who was executed where it lies, by an init that does not go there itself. */
#pragma once

#include "base/macro.h"

/*
 * Makes `exitrd` (a directory, "/run/initramfs") the root, and what was that its oldroot; /proc, /sys and /dev come
 * along. cwd is the new root. 0, or -errno: then the root is the old one.
 */
int pivot_into(const char *exitrd);

/* Is the exitrd not the root yet? systemd has made it that, and only there this program lies at the top. */
bool pivot_is_due(void);
