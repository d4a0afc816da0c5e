/* SPDX-License-Identifier: MIT */
/*
 * test-dlopen: what .note.dlopen says.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "base/strv.h"
#include "image/dlopen.h"
#include "unit/image/elf-maker.h"
#include "unit/memory.h"

/* As libkmod 34 has it. */
#define ZSTD                                                                                     \
	"[{\"feature\":\"zstd\",\"description\":\"Support for uncompressing zstd-compressed "    \
	"modules\",\"priority\":\"recommended\",\"soname\":[\"libzstd.so.1\"]}]"

static void reads_notes_of_a_program(void **state)
{
	struct maker m = maker_new(true, false, ET_DYN, EM_X86_64);
	_cleanup_dlopen_ struct dlopen_features f = { 0 };
	struct elf e;

	maker_note(&m, "FDO", 0x407c0c0a, ZSTD);
	maker_note(&m, "FDO", 0x407c0c0a,
		   "[ { \"soname\" : [ \"liba.so.2\" , \"liba.so.1\" ] , \"priority\" : "
		   "\"required\" } ,"
		   " {\"soname\":[\"libb.so\"],\"priority\":\"suggested\"}, "
		   "{\"soname\":\"libc.so\"} ]");
	maker_finish(&m);
	assert_int_equal(elf_open(m.data, sizeof(m.data), &e), 0);
	assert_int_equal(dlopen_read(&e, &f), 0);
	assert_int_equal(f.n, 4);
	assert_string_equal(f.items[0].name, "zstd");
	assert_int_equal(f.items[0].priority, DLOPEN_RECOMMENDED);
	assert_string_equal(f.items[0].sonames[0], "libzstd.so.1");
	assert_int_equal(f.items[1].priority, DLOPEN_REQUIRED);
	assert_string_equal(f.items[1].sonames[0], "liba.so.2");
	assert_string_equal(f.items[1].sonames[1], "liba.so.1");
	assert_int_equal(f.items[2].priority, DLOPEN_SUGGESTED);
	/* The default of the specification. */
	assert_int_equal(f.items[3].priority, DLOPEN_RECOMMENDED);
	assert_string_equal(f.items[3].sonames[0], "libc.so");
}

static void what_is_not_that_json_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[",
		"[{]",
		"[{}]",
		"[{\"soname\"}]",
		"[{\"soname\":}]",
		"[{\"soname\":[\"a\"}]",
		"[{\"soname\":[\"a\",]}]",
		"[{\"soname\":[\"a]}]",
		"[{\"soname\":\"a\\",
		"[{\"soname\":\"a\"},]",
		"[{\"soname\":\"a\"}",
		"[{\"priority\":1}]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_dlopen_ struct dlopen_features f = { 0 };
		_cleanup_free_ char *exact = malloc(strlen(bad[i]) + 1);

		assert_non_null(exact);
		memcpy(exact + 1, bad[i], strlen(bad[i]));
		if (dlopen_parse(exact + 1, strlen(bad[i]), &f) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
	}
}

static void an_empty_array_is_fine(void **state)
{
	_cleanup_dlopen_ struct dlopen_features f = { 0 };

	assert_int_equal(dlopen_parse("[]", 2, &f), 0);
	assert_int_equal(dlopen_parse(" [ ] \0\0", 7, &f), 0);
	assert_int_equal(f.n, 0);
}

static int parse(void *data)
{
	_cleanup_dlopen_ struct dlopen_features f = { 0 };

	return dlopen_parse(ZSTD, strlen(ZSTD), &f);
}

static void memory_runs_out(void **state)
{
	assert_true(memory_sweep(parse, NULL) > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_notes_of_a_program),
		cmocka_unit_test(what_is_not_that_json_is_refused),
		cmocka_unit_test(an_empty_array_is_fine),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
