/* SPDX-License-Identifier: MIT */
/*
 * fuzz-modindex: the modules' indexes of anybody's image.
 * links: image
 */
#include "fuzz/text.h"
#include "image/modindex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look(const char *key, const char *value, void *sum)
{
	*(size_t *)sum += strlen(key) + strlen(value);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct modindex i;
	size_t sum = 0, some = 0;

	if (modindex_open(data, size, &i) < 0)
		return 0;
	if (modindex_each(&i, look, &sum) < 0)
		return 0;
	(void)modindex_find(&i, "ext4", look, &some);
	(void)modindex_match(&i, "pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00", look, &some);
	(void)modindex_match(&i, "", look, &some);
	FUZZ_REQUIRE(some <= 3 * sum);
	return 0;
}
