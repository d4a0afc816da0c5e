/* SPDX-License-Identifier: MIT */
/* probe: reading a device's tags with libblkid, in a worker. The only file that knows libblkid. */
#pragma once

#include "base/macro.h"

struct run;

/* How many devices are read at a time, on this machine's processors; 0: they could not be counted. */
unsigned int probes_at_once(void);

/* Starts reading; the loop puts the answer into the device or into attempts. 0 or -errno. */
int probe_start(struct run *run, const char *device);

/*
 * In a worker: is there, by its superblock, a file system of that type with that UUID on the device? It may be of
 * another kind all the same, where it has other superblocks beside that. 0 or -errno.
 */
int probe_compare(const char *path, const char *type, const char *uuid, bool *ret);
