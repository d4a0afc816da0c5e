/* SPDX-License-Identifier: MIT */
/* obstacle: what stands between the devices that are there and the one that is waited for, in words. Pure. */
#pragma once

#include "init/attempts.h"
#include "init/boot.h"
#include "init/device.h"

/*
 * Why what `spec` names is not there, from above to below: "volume group vg lacks devices (1 of 2: dm-0 ← vda2); vdb is
 * a LUKS container: its passphrase is being asked for"; "" where nothing is half open. NULL when out of memory; the
 * caller frees.
 */
char *obstacles_describe(const struct boot *boot, const struct spec *spec, const struct devices *devices,
			 const struct attempts *attempts);
