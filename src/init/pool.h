/* SPDX-License-Identifier: MIT */
/* pool: what takes several devices to be whole: the rows of plan() for LVM and btrfs. Pure, as plan() is. */
#pragma once

#include "init/view.h"

/* As layer_next(), for a PV and for a device of a btrfs. */
bool pool_lvm(const struct view *v, const struct device *dev, struct step *step);
bool pool_btrfs(const struct view *v, const struct device *dev, struct step *step);

/* Is this btrfs whole, or may it be used as it is? Else false, and step->wake_at may be earlier than it was. */
bool pool_btrfs_ready(const struct view *v, const struct device *dev, struct step *step);

/* Two devices of one btrfs, neither a copy of the other. */
bool pool_same_btrfs(const struct device *a, const struct device *b);
