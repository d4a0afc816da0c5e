/* SPDX-License-Identifier: MIT */
/* diskstats: /proc/diskstats below a given root: what the disks have done. */
#pragma once

#include <stdint.h>

/*
 * KiB written since the start, of all block devices: what goes through several layers counts in each, so only that it
 * grows means something. 0 where nothing is said.
 */
uint64_t diskstats_written(int root);
