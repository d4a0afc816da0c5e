/* SPDX-License-Identifier: MIT */
/*
 * fuzz-boot: the image's words, a NUL, the kernel's.
 * links: init
 */
#include "base/strv.h"
#include "fuzz/text.h"
#include "init/rescue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(boot_free) struct boot b = { 0 };
	_cleanup_free_ char *text = fuzz_text(data, size);
	const char *kernel = text + strlen(text) + (strlen(text) < size);
	size_t values = 0;

	FUZZ_REQUIRE(boot_parse(&(struct boot_text){ .image = text, .kernel = kernel }, &b) == 0);
	/* Nobody gets a shell who has not written one of these two. */
	FUZZ_REQUIRE(!rescue_allowed(&b, false) || cmdline_find(&b.cmdline, "rd.shell") ||
		     cmdline_find(&b.cmdline, "rd.break"));
	FUZZ_REQUIRE(!rescue_allowed(&b, true));
	FUZZ_REQUIRE(b.timeout > 0);
	FUZZ_REQUIRE(!b.init || *b.init == '/');
	FUZZ_REQUIRE(b.fsck_mode <= FSCK_SKIP && b.fsck_repair <= REPAIR_NO && b.emergency <= EMERGENCY_HALT);
	STRV_FOREACH(w, b.warnings) {
		FUZZ_REQUIRE(endswith(*w, "), ignoring"));
		values++;
	}
	FUZZ_REQUIRE(values <= b.cmdline.n);
	(void)boot_breaks_at(&b, "root");
	return 0;
}
