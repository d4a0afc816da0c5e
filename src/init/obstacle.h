/* SPDX-License-Identifier: MIT */
/* obstacle: what stands between the devices that are there and the one that is waited for, in words. Pure. */
#pragma once

#include "init/attempts.h"
#include "init/boot.h"
#include "init/device.h"

/*
 * "vda2 is a LUKS container: its passphrase is being asked for; volume group vg lacks PVs (there are: dm-0)"; "" where
 * nothing is half open. NULL when out of memory; the caller frees.
 */
char *obstacles_describe(const struct boot *boot, const struct devices *devices, const struct attempts *attempts);
