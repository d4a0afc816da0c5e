/* SPDX-License-Identifier: MIT */
/*
 * test-settings: slipway.conf(5): lines, files, and the command line.
 * wrap: log_line log_console log_errno
 */
#include <errno.h>

#include "base/strv.h"
#include "image/settings.h"
#include "unit/image/root.h"
#include "unit/trace.h"

static void assert_list(char *const *list, const char *expected)
{
	char text[512] = "";

	STRV_FOREACH (s, list)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", *text ? " " : "", *s);
	assert_string_equal(text, expected);
}

static int parse(const char *text, struct settings *s)
{
	trace_reset(0, 0);
	return settings_parse(text, strlen(text), "f", s);
}

static void lists_grow_and_are_replaced(void **state)
{
	_cleanup_settings_ struct settings s = { 0 };

	assert_int_equal(parse("modules = a b\n\n modules+=c # why\n", &s), 0);
	assert_list(s.modules, "a b c");
	assert_list(s.modules_from, "f:1 f:1 f:3");
	assert_int_equal(parse("\xef\xbb\xbfmodules = d\r\nfiles = /x\nfiles =\n# modules = e", &s), 0);
	assert_list(s.modules, "d");
	assert_list(s.modules_from, "f:1");
	assert_null(s.files);
	assert_null(s.files_from);
}

static void single_values(void **state)
{
	_cleanup_settings_ struct settings s = { 0 };

	assert_int_equal(parse("mode = host\ncompress = xz\ncompress = zstd:19\nfirmware = no\nmicrocode=host", &s), 0);
	assert_int_equal(s.mode, MODE_HOST);
	assert_string_equal(s.mode_from, "f:1");
	assert_string_equal(s.compress, "zstd:19");
	assert_string_equal(s.compress_from, "f:3");
	assert_int_equal(s.firmware, CHOICE_NO);
	assert_int_equal(s.microcode, MICROCODE_HOST);
	assert_int_equal(parse("mode =\ncompress=\nfirmware = auto\n", &s), 0);
	assert_int_equal(s.mode, MODE_GENERIC);
	assert_null(s.mode_from);
	assert_string_equal(s.compress, "auto");
	assert_int_equal(s.firmware, CHOICE_AUTO);
}

static void pairs(void **state)
{
	_cleanup_settings_ struct settings s = { 0 };

	assert_int_equal(parse("install = \"/a b/../x\" '/c d' /e /f\n", &s), 0);
	assert_int_equal(strv_length(s.install), 4);
	assert_string_equal(s.install[0], "/a b/../x");
	assert_string_equal(s.install[1], "/c d");
}

static void levels_of_compress(void **state)
{
	static const char *const good[] = { "zstd",    "xz",   "gzip", "lz4",    "none",  "zstd:1",
					    "zstd:22", "xz:0", "xz:9", "gzip:1", "lz4:12" };
	static const char *const bad[] = { "zst",   "zstd:",  "zstd:0", "zstd:23", "xz:10", "gzip:0",
					   "lz4:x", "none:0", "none:1", ":1",      "zstdx", "bzip2" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_settings_ struct settings s = { 0 };

		assert_int_equal(settings_set(&s, "compress", good[i], false, "w"), 0);
		assert_string_equal(s.compress, good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_settings_ struct settings s = { 0 };

		trace_reset(0, 0);
		assert_int_equal(settings_set(&s, "compress", bad[i], false, "w"), -EINVAL);
		assert_null(s.compress);
	}
}

/* What is said of each stands in tests/image/golden/errors.txt. */
static void what_cannot_be_meant(void **state)
{
	static const char *const texts[] = {
		"modules\n",          "= a\n",
		"[slipway]\n",        "modules - a\n",
		"modules + = a\n",    "compres = xz\n",
		"Mode = host\n",      "mode = both\n",
		"mode = host host\n", "mode += host\n",
		"files = a\n",        "files = /a/..\n",
		"modules = \"\"\n",   "modules = /a\n",
		"modules = ../a\n",   "install = /a\n",
		"install = /a b\n",   "install = /a /b/../c\n",
		"modules = \"a\n",    "mode = h\x01\n",
		"modules = \xe9\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_settings_ struct settings s = { 0 };

		assert_int_equal(parse(texts[i], &s), -EINVAL);
		assert_non_null(strstr(traced.text, "error: cannot use f:1: "));
		assert_ptr_equal(strchr(traced.text, '\n'), traced.text + traced.size - 1); /* one line */
	}
}

static void a_list_is_kept_when_its_next_value_is_bad(void **state)
{
	_cleanup_settings_ struct settings s = { 0 };

	assert_int_equal(parse("files = /a\nfiles = /b c\n", &s), -EINVAL);
	assert_list(s.files, "/a");
}

static void nul_and_long_lines(void **state)
{
	_cleanup_settings_ struct settings s = { 0 };
	_cleanup_free_ char *line = malloc(20000);

	trace_reset(0, 0);
	assert_int_equal(settings_parse("mode = \0host", 12, "f", &s), -EINVAL);
	assert_string_equal(traced.text, "error: cannot use f:1: byte 8 of the line is 0x00, allowed is text in UTF-8 "
					 "without control characters\n");
	assert_non_null(line);
	memset(line, '#', 20000);
	trace_reset(0, 0);
	assert_int_equal(settings_parse(line, 16384, "f", &s), 0);
	assert_int_equal(settings_parse(line, 16385, "f", &s), -EINVAL);
	assert_non_null(strstr(traced.text, "the line has 16385 bytes, at most 16384 are allowed"));
}

static void files_in_their_order(void **state)
{
	struct scratch *d = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(d);
	_cleanup_settings_ struct settings s = { 0 };
	const struct settings_options none = { 0 };

	root_file(d, "usr/lib/slipway.conf.d/90-last.conf", "modules += usr90\nmode = host\n", 0644);
	root_file(d, "usr/lib/slipway.conf.d/10-masked.conf", "nonsense", 0644);
	root_file(d, "usr/lib/slipway.conf.d/20-null.conf", "nonsense", 0644);
	root_file(d, "usr/lib/slipway.conf.d/readme", "nonsense", 0644);
	root_file(d, "usr/lib/slipway.conf.d/.30-hidden.conf", "nonsense", 0644);
	root_file(d, "etc/slipway.conf", "modules += main\ncompress = xz\n", 0644);
	root_file(d, "etc/slipway.conf.d/10-masked.conf", "", 0644);
	root_file(d, "etc/slipway.conf.d/50-b.conf", "modules += etc50\n", 0644);
	root_file(d, "etc/slipway.conf.d/40-a.conf", "modules += etc40\ncompress = gzip\n", 0644);
	root_link(d, "etc/slipway.conf.d/20-null.conf", "/dev/null");
	trace_reset(0, 0);
	assert_int_equal(settings_read(&root, &none, &s), 0);
	assert_list(s.modules, "usr90 main etc40 etc50");
	assert_string_equal(s.compress, "gzip");
	assert_int_equal(s.mode, MODE_HOST);
	assert_string_equal(strrchr(s.mode_from, '/'), "/90-last.conf:2");
}

static void nothing_is_the_defaults(void **state)
{
	_cleanup_sysroot_ struct sysroot root = root_open(*state);
	_cleanup_settings_ struct settings s = { 0 };
	const struct settings_options none = { 0 };

	assert_int_equal(settings_read(&root, &none, &s), 0);
	assert_string_equal(s.compress, "auto");
	assert_int_equal(s.reserve, RESERVE_YES);
	assert_int_equal(s.mode, MODE_GENERIC);
	assert_null(s.modules);
	assert_null(s.compress_from);
}

static void the_command_line_comes_last(void **state)
{
	struct scratch *d = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(d);
	_cleanup_settings_ struct settings s = { 0 };
	char *modules[] = { (char *)"b c", (char *)"d", NULL };
	struct settings_options options = { .compress = "none", .modules = modules };

	root_file(d, "etc/slipway.conf", "modules = a\ncompress = xz\n", 0644);
	assert_int_equal(settings_read(&root, &options, &s), 0);
	assert_list(s.modules, "a b c d");
	assert_string_equal(s.modules_from[3], "--modules");
	assert_string_equal(s.compress, "none");
	assert_string_equal(s.compress_from, "--compress");
}

static void one_file_in_place_of_all(void **state)
{
	struct scratch *d = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(d);
	_cleanup_settings_ struct settings s = { 0 };
	char path[128];
	struct settings_options options = { .config = path };

	snprintf(path, sizeof(path), "%s/mine", d->path);
	root_file(d, "etc/slipway.conf", "nonsense", 0644);
	root_file(d, "mine", "modules = a\n", 0644);
	assert_int_equal(settings_read(&root, &options, &s), 0);
	assert_list(s.modules, "a");
}

static void links_that_lead_nowhere(void **state)
{
	struct scratch *d = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(d);
	_cleanup_settings_ struct settings s = { 0 };
	const struct settings_options none = { 0 };

	root_file(d, "etc/x", "", 0644);
	root_link(d, "etc/slipway.conf", "nowhere");
	trace_reset(0, 0);
	assert_int_equal(settings_read(&root, &none, &s), -ENOENT);
	assert_non_null(strstr(traced.text, "/etc/slipway.conf: No such file or directory"));
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_grow_and_are_replaced),
		cmocka_unit_test(single_values),
		cmocka_unit_test(pairs),
		cmocka_unit_test(levels_of_compress),
		cmocka_unit_test(what_cannot_be_meant),
		cmocka_unit_test(a_list_is_kept_when_its_next_value_is_bad),
		cmocka_unit_test(nul_and_long_lines),
		SCRATCH(files_in_their_order),
		SCRATCH(nothing_is_the_defaults),
		SCRATCH(the_command_line_comes_last),
		SCRATCH(one_file_in_place_of_all),
		SCRATCH(links_that_lead_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
