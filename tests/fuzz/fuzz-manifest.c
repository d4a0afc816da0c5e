/* SPDX-License-Identifier: MIT */
/*
 * fuzz-manifest: what an image says of itself, in anybody's image.
 * links: image
 */
#include "fuzz/text.h"
#include "image/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_manifest_ struct manifest m = { 0 };
	struct manifest_failure failure;
	size_t sum = 0;
	int r = manifest_read(data, size, &m, &failure);

	if (r < 0) {
		FUZZ_REQUIRE(failure.line > 0 && failure.why);
		return 0;
	}
	FUZZ_REQUIRE(m.n <= size);
	for (size_t i = 0; i < m.n; i++) {
		const struct manifest_row *found = manifest_find(&m, m.rows[i].path);

		FUZZ_REQUIRE(found && streq(found->path, m.rows[i].path));
		sum += strlen(m.rows[i].reason) + strlen(m.rows[i].by);
	}
	FUZZ_REQUIRE(sum <= size);
	return 0;
}
