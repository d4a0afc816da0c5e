/* SPDX-License-Identifier: MIT */
/*
 * intel-ucode: updates as Intel hands them out: one behind the other, each with a header that says which processors it
 * is for (Intel SDM 3A, "Microcode update facilities").
 */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct intel_update {
	const uint8_t *data; /* borrowed */
	size_t size;
};

/*
 * The update at `*at`, which moves behind it. 1, or 0 at the end; -EBADMSG: none begins here, it is cut off, or its
 * checksum is wrong.
 */
int intel_next(const void *data, size_t size, size_t *at, struct intel_update *ret);

/* Is it for that processor? `platform_flags` 0: not known, any will do. */
bool intel_fits(const struct intel_update *u, uint32_t signature, uint32_t platform_flags);
