/* SPDX-License-Identifier: MIT */
/*
 * fuzz-newc: a record of an archive, whole or not: how much it needs is how much it takes.
 * links: base
 */
#include "base/newc.h"
#include "fuzz/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 0;

	while (at < size) {
		uint64_t need = newc_needs(data + at, size - at);
		size_t before = at;
		struct newc_entry e;
		const char *why;
		int r = newc_read(data, size, &at, &e, &why);

		if (r < 0) {
			FUZZ_REQUIRE(why && at == before);
			break;
		}
		FUZZ_REQUIRE(at - before == MIN(need, size - before));
		if (r == 0)
			break;
		FUZZ_REQUIRE(e.name[strlen(e.name)] == '\0');
		FUZZ_REQUIRE((const uint8_t *)e.data + e.size <= data + size);
	}
	return 0;
}
