/* SPDX-License-Identifier: MIT */
/*
 * fuzz-loader: what a boot loader, or anybody who may write the firmware's variables, put into LoaderDevicePartUUID.
 * links: init
 */
#include "fuzz/text.h"
#include "init/gptauto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char uuid[LOADER_UUID_SIZE] = "untouched";
	int r = gptauto_decode(data, size, uuid);

	FUZZ_REQUIRE(r == 0 ? strlen(uuid) == LOADER_UUID_SIZE - 1 : streq(uuid, "untouched"));
	FUZZ_REQUIRE(r < 0 || strspn(uuid, "0123456789abcdef-") == LOADER_UUID_SIZE - 1);
	return 0;
}
