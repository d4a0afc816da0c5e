/* SPDX-License-Identifier: MIT */
/*
 * fuzz-shutdown: what PID 1 is handed: the reboot parameter, and words as its arguments.
 * links: shutdown
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/strv.h"
#include "fuzz/text.h"
#include "shutdown/arguments.h"
#include "shutdown/console.h"
#include "shutdown/holders.h"
#include "shutdown/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parameter(const uint8_t *data, size_t size)
{
	char param[REBOOT_PARAM_MAX + 1];

	if (reboot_param_check((const char *)data, size, param) < 0)
		return;
	FUZZ_REQUIRE(*param && strlen(param) <= REBOOT_PARAM_MAX);
	for (const char *p = param; *p; p++)
		FUZZ_REQUIRE(*p >= ' ' && *p <= '~');
}

static void arguments(const char *text)
{
	_cleanup_strv_ char **words = NULL;
	struct arguments a;
	uint64_t budget;

	FUZZ_REQUIRE(strv_split(&words, text, "\n") == 0);
	a = arguments_parse((int)strv_length(words), words);
	FUZZ_REQUIRE(a.verb && (a.verb_given || a.verb == verb_default()));
	FUZZ_REQUIRE(a.log_level >= LOG_ERR && a.log_level <= LOG_DEBUG);
	budget = arguments_budget(a.timeout, arguments_watchdog(words ? words[0] : NULL));
	FUZZ_REQUIRE(budget >= 30 * USEC_PER_SEC && budget <= 3600 * USEC_PER_SEC);
}

/* An item of the last line holds nothing that divides it. */
static void item(const char *text)
{
	_cleanup_free_ char *list = NULL;

	FUZZ_REQUIRE(report_item(&list, text) == 0);
	FUZZ_REQUIRE(strlen(list) >= strlen(text) && !strpbrk(list, " ,\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_strv_ char **paths = NULL;

	parameter(data, size);
	arguments(text);
	item(text);
	(void)maps_have_dev(text, 0xfd01);
	FUZZ_REQUIRE(console_paths(text, &paths) == 0);
	STRV_FOREACH(p, paths)
		FUZZ_REQUIRE(startswith(*p, "dev/") && !strchr(*p + strlen("dev/"), '/'));
	return 0;
}
