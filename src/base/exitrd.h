/* SPDX-License-Identifier: MIT */
/* exitrd: a directory filled for the way back, as systemd wants to find /run/initramfs. */
#pragma once

/*
 * Copies the tree `from` into the directory `to`, `shutdown` last: it is what makes an exitrd of a directory.
 * 0, or -errno; then there is no `shutdown` in it, whatever else was copied. Descriptors are borrowed.
 */
int exitrd_stage(int from, int to);

/* Copies all of the tree `from` over the directory `to`. 0 or -errno; descriptors are borrowed. */
int exitrd_copy(int from, int to);
