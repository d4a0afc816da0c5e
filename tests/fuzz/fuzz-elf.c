/* SPDX-License-Identifier: MIT */
/*
 * fuzz-elf: programs and libraries of a foreign sysroot.
 * links: image
 */
#include "fuzz/text.h"
#include "image/abi.h"
#include "image/dlopen.h"
#include "image/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every string that is handed out lies in the file, its end too. */
static void require_inside(const struct elf *e, const char *s)
{
	const uint8_t *p = (const uint8_t *)s;

	FUZZ_REQUIRE(p >= e->data && p < e->data + e->size);
	FUZZ_REQUIRE(memchr(p, '\0', (size_t)(e->data + e->size - p)));
}

static int check_version(const struct elf_version *v, void *data)
{
	require_inside(data, v->version);
	if (v->file)
		require_inside(data, v->file);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_dlopen_ struct dlopen_features features = { 0 };
	_cleanup_free_ char *name = NULL;
	const char *s, *missing;
	uint64_t state = 0;
	struct elf e;

	if (elf_open(data, size, &e) < 0)
		return 0;
	name = elf_machine_name(&e);
	FUZZ_REQUIRE(name && elf_same_machine(&e, &e));
	while ((s = elf_next_needed(&e, &state)))
		require_inside(&e, s);
	if (e.interpreter)
		require_inside(&e, e.interpreter);
	(void)elf_each_needed_version(&e, check_version, &e);
	(void)elf_each_defined_version(&e, check_version, &e);
	(void)abi_missing(&e, "libc.so.6", &e, &missing);
	(void)dlopen_read(&e, &features);
	return 0;
}
