/* SPDX-License-Identifier: MIT */
/* blockname: the block device that a name means: MAJ:MIN, /dev/NAME, /dev/mapper/NAME, UUID=… */
#pragma once

#include "image/survey.h"

/*
 * Its directory below /sys; NULL where there is none of that name. Tags are looked up in /dev/disk, where udev has
 * put what it read from the disks. 0, or -ENOMEM. The caller frees.
 */
int blockname_find(const struct target_source *from, const char *name, char **ret);
