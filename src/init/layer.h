/* SPDX-License-Identifier: MIT */
/* layer: what opens a member: the rows of plan() for LUKS, MD, LVM and btrfs. Pure, as plan() is. */
#pragma once

#include "init/plan.h"

/* All that plan() was given. */
struct view {
	const struct boot *boot;
	const struct want *want;
	const struct devices *devices;
	const struct attempts *attempts;
	uint64_t now;
};

/*
 * What is to be done to `dev` so that what it is a member of comes up. True: `step` says it. False: nothing now;
 * step->wake_at may be earlier than it was.
 */
bool layer_next(const struct view *v, const struct device *dev, struct step *step);

/* Is this btrfs whole, or may it be used as it is? Else false, and step->wake_at may be earlier than it was. */
bool layer_btrfs_ready(const struct view *v, const struct device *dev, struct step *step);

/* Two devices of one btrfs, neither a copy of the other. */
bool layer_same_btrfs(const struct device *a, const struct device *b);
