/* SPDX-License-Identifier: MIT */
/*
 * fuzz-ucode: updates of a file that may be anybody's.
 *
 * links: image
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "image/intel-ucode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct intel_update u;
	size_t at = 0, before = 0;

	while (intel_next(data, size, &at, &u) == 1) {
		if (at <= before || at > size || u.data != data + before || u.size != at - before)
			abort();
		before = at;
		(void)intel_fits(&u, 0x906ea, 0x02);
	}
	return 0;
}
