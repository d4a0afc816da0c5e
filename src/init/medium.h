/* SPDX-License-Identifier: MIT */
/* medium: what must be so of a device beside what a spec names: its type, removable or not. Pure, as plan() is. */
#pragma once

#include "init/device.h"
#include "init/spec.h"

bool medium_fits(const struct spec *spec, const struct device *dev);

/* Does one of that disk's partitions show the same file system? */
bool medium_is_partition(const struct device *dev, const struct devices *devices);
