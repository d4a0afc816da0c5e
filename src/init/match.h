/* SPDX-License-Identifier: MIT */
/* match: is this device the one that a spec names? Pure, as plan() is. */
#pragma once

#include "init/boot.h"
#include "init/device.h"
#include "init/spec.h"

/* Only with its tags read where the spec is of tags. */
bool spec_matches(const struct spec *spec, const struct device *dev, const struct devices *devices);

/* Can only a device's content tell whether it fits? */
bool spec_is_of_tags(const struct spec *spec);

/*
 * `match` is what the spec names. Would whatever else it names hold a file system of the same type with the same
 * UUID? Then nothing else has to be looked for. False where the spec names it by something else, a label.
 */
bool spec_copies_are_alike(const struct spec *spec, const struct device *match);

/* Could the spec name something that stands on other devices: a mapping, an array, a volume? */
bool spec_may_be_stacked(const struct spec *spec);

/*
 * May what the device is a member of be opened for that spec? Nothing outside of the file where the root is in
 * one and is not named itself, and only containers where a partition's type says what it is.
 */
bool spec_reaches(const struct spec *spec, const struct device *dev, const struct devices *devices);

/* Does it lie on that device, or is it that? Never for a file of the image. */
bool place_is_on(const struct place *place, const struct device *dev, const struct devices *devices);

/* Is it there: in the image, or its device is? */
bool place_is_there(const struct place *place, const struct devices *devices);

/* Does crypttab's or rd.luks.*='s source mean that container, or that header? */
bool spec_names_container(const struct spec *spec, const struct device *dev, const struct devices *devices);

/*
 * Another device that calls itself the same member of the same whole: a clone, a snapshot, a second way to the same
 * disk. NULL: there is none. What stands on `dev`, or `dev` on it, is no copy of it.
 */
const struct device *devices_copy(const struct devices *devices, const struct device *dev);

/*
 * What LVM's snapshot `dev` is one of, where that is there and holds the same: it is what is meant wherever a UUID
 * or a label names both, as lvm2's udev rules have it. NULL: there is none.
 */
const struct device *devices_origin(const struct devices *devices, const struct device *dev);

/* What was said of that LUKS container; NULL where nothing names it. */
const struct volume *volume_of(const struct boot *boot, const struct device *dev, const struct devices *devices);
