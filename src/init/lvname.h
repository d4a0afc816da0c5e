/* SPDX-License-Identifier: MIT */
/*
 * lvname: how volumes of LVM are called. Pure, as plan() is.
 *
 * lvm2 names a mapping after its volume, "GROUP-VOLUME"; a '-' inside of a name is doubled, so that the single one
 * divides. The mappings inside of a volume that is not plain (the halves of a mirror, a thin pool's data, what a cache
 * is a cache of) are named by it too, and told apart by a suffix of their UUID.
 */
#pragma once

#include "base/macro.h"

/* lvm(8), VALID NAMES: a name is shorter than device-mapper's own limit, DM_NAME_LEN (linux/dm-ioctl.h). */
#define LVNAME_MAX 128

struct lvname {
	char group[LVNAME_MAX], volume[LVNAME_MAX];
};

/*
 * Reads "my-vg/root", or "my--vg-root" as device-mapper calls it. False, and `ret` as it was, where `text` is no such
 * name: without a group, without a volume, with more parts than two, or too long.
 */
bool lvname_read(const char *text, struct lvname *ret);

bool lvname_equal(const struct lvname *a, const struct lvname *b);

/*
 * Is that mapping inside of a volume? Such a one is not for use, though it may look like the whole: half of a mirror
 * holds the same file system. Either argument may be NULL.
 *
 * Their UUIDs, "LVM-", 32 characters for the group, 32 for the volume, go on with "-" and what it is ("-real",
 * "-tdata": lvm2, lib/activate/dev_manager.c), but not those of RAID images: these are known by parts of names that
 * lvm2 keeps for itself (lvm(8), VALID NAMES).
 */
bool lvname_is_private(const char *dm_name, const char *dm_uuid);
