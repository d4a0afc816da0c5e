/* SPDX-License-Identifier: MIT */
/*
 * test-cmdline: words as the kernel splits them.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "base/cmdline.h"
#include "base/strv.h"
#include "unit/memory.h"

/* What next_arg() of lib/cmdline.c makes of one word; `value` NULL where there is none. */
static const struct {
	const char *text, *key, *value;
} words[] = {
	{ "quiet",                  "quiet",           NULL           },
	{ "root=/dev/vda1",         "root",            "/dev/vda1"    },
	{ "root=UUID=a-b",          "root",            "UUID=a-b"     },
	{ "empty=",                 "empty",           ""             },
	{ "a=\"b c\"",              "a",               "b c"          },
	{ "\"a=b c\"",              "a",               "b c"          },
	{ "a=b\" \"c",              "a",               "b\" \"c"      },
	{ "a=b\"c d\"",             "a",               "b\"c d\""     },
	{ "a=\"b\"c",               "a",               "b\"c"         },
	{ "a=\"\"",                 "a",               ""             },
	{ "a=\"",                   "a",               ""             },
	{ "\"",                     "",                NULL           },
	{ "\"\"",                   "",                NULL           },
	{ "\"a b\"",                "a b",             NULL           },
	{ "\"a=b\"",                "a",               "b"            },
	{ "a\" \"b=c",              "a\" \"b",         "c"            },
	{ "a=\"unterminated b c=d", "a",               "unterminated b c=d" },
	{ "\"whole rest a=b c",     "whole rest a",    "b c"          },
	{ "a=\\\"b",                "a",               "\\\"b"        },
	{ "a='b",                   "a",               "'b"           },
	{ "=",                      "=",               NULL           },
	{ "=b",                     "=b",              NULL           },
	{ "=a=b",                   "=a",              "b"            },
	{ "\"=a=b\"",               "=a",              "b"            },
	{ "---",                    "---",             NULL           },
	{ "--=x",                   "--",              "x"            },
	{ "a==b",                   "a",               "=b"           },
};

static void one_word(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_cmdline_ struct cmdline c = { 0 };

		assert_int_equal(cmdline_parse(words[i].text, &c), 0);
		if (c.n != 1 || !streq(c.words[0].key, words[i].key) ||
		    !streq_null(c.words[0].value, words[i].value))
			fail_msg("<%s>: %zu words, <%s>=<%s>", words[i].text, c.n,
				 c.n ? c.words[0].key : "", c.n ? c.words[0].value : "");
		assert_null(c.init_args);
	}
}

static void white_space_divides(void **state)
{
	_cleanup_cmdline_ struct cmdline c = { 0 };

	assert_int_equal(cmdline_parse("  a\tb=1 \n c\n", &c), 0);
	assert_int_equal(c.n, 3);
	assert_string_equal(c.words[0].key, "a");
	assert_string_equal(c.words[1].key, "b");
	assert_string_equal(c.words[1].value, "1");
	assert_string_equal(c.words[2].key, "c");
}

static void nothing_is_nothing(void **state)
{
	_cleanup_cmdline_ struct cmdline c = { 0 };

	assert_int_equal(cmdline_parse("", &c), 0);
	assert_int_equal(cmdline_parse(" \n", &c), 0);
	assert_int_equal(c.n, 0);
	assert_null(cmdline_find(&c, "a"));
}

static void last_one_wins(void **state)
{
	_cleanup_cmdline_ struct cmdline c = { 0 };

	assert_int_equal(cmdline_parse("root=a ro root=b root", &c), 0);
	assert_int_equal(c.n, 4);
	assert_ptr_equal(cmdline_find(&c, "root"), &c.words[3]);
	assert_string_equal(cmdline_value(&c, "root", "none"), "none");

	/* A second text counts as later. */
	assert_int_equal(cmdline_parse("root=c", &c), 0);
	assert_string_equal(cmdline_value(&c, "root", "none"), "c");
	assert_string_equal(cmdline_value(&c, "absent", "none"), "none");
	assert_null(cmdline_value(&c, "ro", NULL));
}

static void dash_and_underscore_are_one_letter(void **state)
{
	_cleanup_cmdline_ struct cmdline c = { 0 };

	assert_int_equal(
		cmdline_parse("rd.modules-load=a systemd.default_timeout_start_sec=1", &c), 0);
	assert_string_equal(cmdline_value(&c, "rd.modules_load", ""), "a");
	assert_string_equal(cmdline_value(&c, "systemd.default-timeout-start-sec", ""), "1");
	assert_null(cmdline_find(&c, "rd.modules"));
	assert_null(cmdline_find(&c, "rd.modules_load_more"));
	/* Values are left as they are. */
	assert_int_equal(cmdline_parse("x=a-b_c", &c), 0);
	assert_string_equal(cmdline_value(&c, "x", ""), "a-b_c");
}

static void what_follows_two_dashes_is_inits(void **state)
{
	_cleanup_cmdline_ struct cmdline c = { 0 };

	assert_int_equal(cmdline_parse("ro -- single root=x \"a b\" k=\"v w\" \"--x\"", &c), 0);
	assert_int_equal(c.n, 1);
	assert_int_equal(strv_length(c.init_args), 5);
	assert_string_equal(c.init_args[0], "single");
	assert_string_equal(c.init_args[1], "root=x");
	assert_string_equal(c.init_args[2], "a b");
	assert_string_equal(c.init_args[3], "k=v w");
	assert_string_equal(c.init_args[4], "--x");
	assert_null(cmdline_find(&c, "root"));
}

/* parse_args() stops at "--" when it reads init's words, too. */
static void second_two_dashes_end_all(void **state)
{
	_cleanup_cmdline_ struct cmdline c = { 0 };

	assert_int_equal(cmdline_parse("-- a -- b", &c), 0);
	assert_int_equal(strv_length(c.init_args), 1);
	assert_string_equal(c.init_args[0], "a");
	assert_int_equal(c.n, 0);
}

static void thousand_words(void **state)
{
	_cleanup_cmdline_ struct cmdline c = { 0 };
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; i < 1000; i++)
		fprintf(f, "k%d=v%d ", i, i);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(cmdline_parse(text, &c), 0);
	assert_int_equal(c.n, 1000);
	assert_string_equal(cmdline_value(&c, "k0", ""), "v0");
	assert_string_equal(cmdline_value(&c, "k999", ""), "v999");
}

static void one_word_of_4096_bytes(void **state)
{
	_cleanup_cmdline_ struct cmdline c = { 0 };
	char text[4096 + 1];

	memset(text, 'x', sizeof(text));
	memcpy(text, "key=", 4);
	text[4096] = '\0';
	assert_int_equal(cmdline_parse(text, &c), 0);
	assert_int_equal(c.n, 1);
	assert_int_equal(strlen(c.words[0].value), 4092);
}

static void bytes_that_are_no_utf8_are_kept(void **state)
{
	_cleanup_cmdline_ struct cmdline c = { 0 };

	/* \xa0 and \x85 are white space in some tables; a label may hold them as half of a
	 * letter. */
	assert_int_equal(
		cmdline_parse("a=\xff\xfe\x80 root=LABEL=voil\xc3\xa0 b=\xc3\x85ngstr\x1f", &c),
		0);
	assert_int_equal(c.n, 3);
	assert_string_equal(cmdline_value(&c, "a", ""), "\xff\xfe\x80");
	assert_string_equal(cmdline_value(&c, "root", ""), "LABEL=voil\xc3\xa0");
	assert_string_equal(cmdline_value(&c, "b", ""), "\xc3\x85ngstr\x1f");
}

static void booleans(void **state)
{
	static const struct {
		const char *text;
		int want; /* -1: the fallback */
	} rows[] = {
		{ "x", 1 },      { "x=1", 1 },  { "x=yes", 1 }, { "x=TRUE", 1 },
		{ "x=on", 1 },   { "x=y", 1 },  { "x=0", 0 },   { "x=no", 0 },
		{ "x=False", 0 }, { "x=off", 0 }, { "x=n", 0 }, { "x=", -1 },
		{ "x=2", -1 },   { "x=yess", -1 }, { "y=1", -1 }, { "", -1 },
		{ "x=1 x=0", 0 }, { "x=0 x", 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int fallback = 0; fallback < 2; fallback++) {
			_cleanup_cmdline_ struct cmdline c = { 0 };
			bool want = rows[i].want < 0 ? fallback : rows[i].want;

			assert_int_equal(cmdline_parse(rows[i].text, &c), 0);
			if (cmdline_bool(&c, "x", fallback) != want)
				fail_msg("\"%s\", else %d", rows[i].text, fallback);
		}
}

static int parse_some(void *data)
{
	_cleanup_cmdline_ struct cmdline c = { 0 };

	return cmdline_parse("a b=c -- d e=f", &c);
}

static void out_of_memory_is_reported(void **state)
{
	assert_in_range(memory_sweep(parse_some, NULL), 10, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_word),
		cmocka_unit_test(white_space_divides),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(last_one_wins),
		cmocka_unit_test(dash_and_underscore_are_one_letter),
		cmocka_unit_test(what_follows_two_dashes_is_inits),
		cmocka_unit_test(second_two_dashes_end_all),
		cmocka_unit_test(thousand_words),
		cmocka_unit_test(one_word_of_4096_bytes),
		cmocka_unit_test(bytes_that_are_no_utf8_are_kept),
		cmocka_unit_test(booleans),
		cmocka_unit_test(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
