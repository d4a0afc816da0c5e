/* SPDX-License-Identifier: MIT */
/*
 * gpt: partitions that say by their type what they are for:
 * https://uapi-group.org/specifications/specs/discoverable_partitions_specification/. Pure, as plan() is.
 *
 * A spec of kind SPEC_GPT means the partition of type `parttype` on the disk that has the partition `value` (a
 * PARTUUID: where the boot loader lies). Of several the one with the newest label, as strverscmp(3) compares; never one
 * that says that it is not to be used by itself.
 */
#pragma once

#include "init/device.h"
#include "init/spec.h"

/* Types are in lower case, as libblkid writes them. */
struct gpt_types {
	const char *machine; /* uname(2) */
	const char *root, *usr, *root_verity;
};

/* NULL: the specification knows no such machine, or we do not. */
const struct gpt_types *gpt_types_of(const char *machine);

/* Is the device itself that partition, whatever is in it? */
bool gpt_names(const struct spec *spec, const struct device *dev, const struct devices *devices);

/* May what was found, that partition or what was opened from it, only be read? */
bool gpt_is_read_only(const struct spec *spec, const struct device *dev, const struct devices *devices);

/* That partition among the devices that were read; NULL: none is. */
const struct device *gpt_find(const struct spec *spec, const struct devices *devices);
