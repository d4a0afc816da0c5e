/* SPDX-License-Identifier: MIT */
/*
 * fuzz-cmdline: the kernel command line, from a boot loader's or a user's hand.
 * links: base
 */
#include "base/cmdline.h"
#include "base/strv.h"
#include "fuzz/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_cmdline_ struct cmdline c = { 0 };
	_cleanup_free_ char *text = fuzz_text(data, size);
	size_t bytes = 0;

	FUZZ_REQUIRE(cmdline_parse(text, &c) == 0);
	for (size_t i = 0; i < c.n; i++) {
		const struct cmdline_word *w = &c.words[i];

		FUZZ_REQUIRE(cmdline_find(&c, w->key) >= w);
		/* Quotes and spaces go, nothing is added. */
		bytes += strlen(w->key) + 1 + (w->value ? strlen(w->value) + 1 : 0);
		/* Only at its beginning can a name hold the sign that divides. */
		FUZZ_REQUIRE(!*w->key || !strchr(w->key + 1, '='));
		FUZZ_REQUIRE(w->value || !streq(w->key, "--"));
	}
	STRV_FOREACH(a, c.init_args)
		bytes += strlen(*a) + 1;
	FUZZ_REQUIRE(bytes <= strlen(text) + 1);
	(void)cmdline_bool(&c, "quiet", false);
	return 0;
}
