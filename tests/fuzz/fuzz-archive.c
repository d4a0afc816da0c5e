/* SPDX-License-Identifier: MIT */
/*
 * fuzz-archive: images, of ours and of others, raw and compressed.
 * links: image
 */
#include "fuzz/text.h"
#include "image/archive.h"

#define MAX_UNPACKED (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_archive_ struct archive a = { 0 };
	struct archive_failure failure;
	unsigned int sum = 0;
	int r = archive_read(data, size, MAX_UNPACKED, &a, &failure);

	if (r < 0) {
		FUZZ_REQUIRE(failure.offset <= size);
		FUZZ_REQUIRE(failure.why || r == -12 /* -ENOMEM */);
		return 0;
	}
	FUZZ_REQUIRE(a.segments > 0);
	for (size_t i = 0; i < a.n; i++) {
		const struct newc_entry *e = &a.entries[i].file, *found;

		/* Each byte is there to be read. */
		for (uint32_t k = 0; k < e->size; k++)
			sum += ((const uint8_t *)e->data)[k];
		if (i < 16 && archive_find(&a, e->name, &found) == 0)
			sum += found->size + (unsigned int)strlen(found->name);
	}
	FUZZ_REQUIRE(sum <= UINT32_MAX); /* so that the sum is made */
	return 0;
}
