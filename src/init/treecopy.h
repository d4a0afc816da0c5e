/* SPDX-License-Identifier: MIT */
/*
 * treecopy: all that is below a directory, copied: owners, modes, times, links, devices. Other file systems that are
 * mounted below become empty directories. Blocks; for a worker.
 */
#pragma once

/* From one directory into an empty one. 0 or -errno; then part of it is there. */
int treecopy(int from, int to);
