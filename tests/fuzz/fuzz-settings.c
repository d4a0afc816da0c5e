/* SPDX-License-Identifier: MIT */
/*
 * fuzz-settings: slipway.conf(5), whatever its bytes are.
 * links: image
 */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "fuzz/text.h"
#include "image/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each word has its place, and no word has a byte that its line could not have had. */
static void require_list(char *const *words, char *const *from, char first)
{
	FUZZ_REQUIRE(strv_length(words) == strv_length(from));
	STRV_FOREACH(word, words)
		FUZZ_REQUIRE(**word && (!first || **word == first) && !strpbrk(*word, "\n\r\x7f\x1b"));
	STRV_FOREACH(place, from)
		FUZZ_REQUIRE(startswith(*place, "f:"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_settings_ struct settings s = { 0 };
	_cleanup_free_ char *text = fuzz_text(data, size);
	int r;

	log_set_level(LOG_EMERG);
	r = settings_parse(text, size, "f", &s);
	FUZZ_REQUIRE(r == 0 || r == -EINVAL);
	require_list(s.modules, s.modules_from, '\0');
	require_list(s.omit_modules, s.omit_modules_from, '\0');
	require_list(s.force_modules, s.force_modules_from, '\0');
	require_list(s.files, s.files_from, '/');
	require_list(s.install, s.install_from, '/');
	FUZZ_REQUIRE(strv_length(s.install) % 2 == 0);
	FUZZ_REQUIRE(s.mode <= MODE_HOST && s.firmware <= CHOICE_NO && s.microcode <= MICROCODE_NONE);
	FUZZ_REQUIRE(s.compress_from ? !!s.compress : !s.compress || streq(s.compress, "auto"));
	return 0;
}
