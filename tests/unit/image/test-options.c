/* SPDX-License-Identifier: MIT */
/* test-options: a command's words. */
#include <errno.h>

#include "base/strv.h"
#include "image/options.h"
#include "unit/unit.h"

struct target {
	const char *name, *other;
	bool force, quiet;
};

static const struct option_row rows[] = {
	{ "name", 'n', "NAME", "a name", offsetof(struct target, name) },
	{ "other", 0, "X", "no letter", offsetof(struct target, other) },
	{ "force", 'f', NULL, "a flag", offsetof(struct target, force) },
	{ "quiet", 'q', NULL, "another", offsetof(struct target, quiet) },
	{ 0 },
};

#define PARSE(t, words, ...)                                                                     \
	({                                                                                       \
		char *argv_[] = { (char *)"slipway", __VA_ARGS__, NULL };                        \
		static char *kept_[16];                                                          \
		memcpy(kept_, argv_, sizeof(argv_));                                             \
		options_parse(rows, (int)ARRAY_SIZE(argv_) - 1, kept_, t, words);                \
	})
#define W(s) ((char *)(s))

static void words_and_options_mix(void **state)
{
	struct target t = { 0 };
	char **words;

	assert_int_equal(PARSE(&t, &words, W("a"), W("-fn"), W("x"), W("b"), W("--other=y"),
			       W("--"), W("-q")),
			 0);
	assert_string_equal(t.name, "x");
	assert_string_equal(t.other, "y");
	assert_true(t.force);
	assert_false(t.quiet);
	assert_int_equal(strv_length(words), 3);
	assert_string_equal(words[0], "a");
	assert_string_equal(words[1], "b");
	assert_string_equal(words[2], "-q");
}

static void the_last_one_wins(void **state)
{
	struct target t = { 0 };
	char **words;

	assert_int_equal(PARSE(&t, &words, W("--name"), W("a"), W("-n"), W("b")), 0);
	assert_string_equal(t.name, "b");
	assert_null(*words);
}

static void what_is_not_known_is_refused(void **state)
{
	struct target t = { 0 };
	char **words;

	assert_int_equal(PARSE(&t, &words, W("--nome"), W("x")), -EINVAL);
	assert_int_equal(PARSE(&t, &words, W("-x")), -EINVAL);
	assert_int_equal(PARSE(&t, &words, W("--name")), -EINVAL);
	assert_int_equal(PARSE(&t, &words, W("--force=yes")), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_options_mix),
		cmocka_unit_test(the_last_one_wins),
		cmocka_unit_test(what_is_not_known_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
