/* SPDX-License-Identifier: MIT */
/* keep: where the layers of a live system are seen in the booted system, and what systemd is told of them. */
#pragma once

#include "init/boot.h"

/* Moves those for which a place was said, below /run or in the new root. What cannot be moved stays; logs that. */
void keep_layers(const struct boot_live *l);

/*
 * Tells a next init that is systemd to leave the layers alone: the root needs them to the end, and it would stop their
 * mounts as any other when it goes down, and call that a failure. Nothing where there are none. 0 or -errno.
 */
int keep_write_units(const struct boot_live *l);

/* And back, for another init. */
void keep_remove_units(const struct boot_live *l);
