/* SPDX-License-Identifier: MIT */
/*
 * fuzz-mountinfo: the mount table; names in it are any user's.
 * links: base
 */
#include "base/mountinfo.h"
#include "fuzz/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };
	_cleanup_free_ char *text = fuzz_text(data, size);

	FUZZ_REQUIRE(mountinfo_parse(text, &m) == 0);
	/* Searching is quadratic; a long table proves no more than a short one. */
	for (size_t i = 0; i < m.n && m.n < 100; i++) {
		const struct mount_entry *e = &m.items[i],
					 *top = mountinfo_find_target(&m, e->target);

		FUZZ_REQUIRE(top && streq(top->target, e->target));
		FUZZ_REQUIRE(*e->fstype && e->source);
		(void)mount_has_option(e->options, "ro");
		(void)mount_has_option(e->super, "ro");
	}
	return 0;
}
