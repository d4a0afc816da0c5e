/* SPDX-License-Identifier: MIT */
/* probe: reading a device's tags with libblkid, in a worker. The only file that knows libblkid. */
#pragma once

struct run;

/* Starts reading; the loop puts the answer into the device or into attempts. 0 or -errno. */
int probe_start(struct run *run, const char *device);
