/* SPDX-License-Identifier: MIT */
/*
 * udevdb: what the system's udevd must know of the mappings that we made, in its own database.
 *
 * We run no udevd. Its coldplug sends "add" for each device; device-mapper's rules (55-dm.rules, 10-dm.rules)
 * ignore a mapping of which the database has no DM_UDEV_PRIMARY_SOURCE_FLAG: it would get no links and no
 * .device unit, and systemd would wait for it in vain.
 */
#pragma once

#include "init/device.h"

/*
 * Writes udev/data/bMAJOR:MINOR below `runfd` (/run) for each mapping. One that is there is left as it is: a
 * udevd knows better. 0 or -errno of the first that could not be written.
 */
int udevdb_write(int runfd, const struct devices *devices, uint64_t now);
