/* SPDX-License-Identifier: MIT */
/*
 * links: the names that udev would give a disk below /dev/disk/by-id and /dev/disk/by-path.
 *
 * We run no udevd; these are made from the same attributes of sysfs that its rules (60-persistent-storage.rules
 * and path_id) use. Kinds without a row have no such name here.
 */
#pragma once

#include "init/device.h"

/* Fills dev->links anew from sysfs below `sysfd`. 0 or -ENOMEM; what cannot be read gives no link. */
int links_read(struct device *dev, int sysfd);
