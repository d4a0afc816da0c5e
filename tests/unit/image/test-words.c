/* SPDX-License-Identifier: MIT */
/* test-words: a line taken apart. */
#include <errno.h>

#include "base/strv.h"
#include "image/words.h"
#include "unit/unit.h"

static void lines(void **state)
{
	static const struct {
		const char *text, *words; /* each in brackets; NULL: refused */
	} rows[] = {
		{ "", "" },
		{ " \t ", "" },
		{ "a", "[a]" },
		{ " a\tb  c ", "[a][b][c]" },
		{ "a # b", "[a]" },
		{ "# a", "" },
		{ "a#b #c", "[a#b]" },
		{ "\"a b\" 'c d'", "[a b][c d]" },
		{ "/x/\"a b\"/c", "[/x/a b/c]" },
		{ "\"it's\" 'a \"b\"'", "[it's][a \"b\"]" },
		{ "\"\" ''", "[][]" },
		{ "\"#\"", "[#]" },
		{ "a\\ b", "[a\\][b]" },
		{ "\"a", NULL },
		{ "a b'", NULL },
		{ "\"a'", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strv_ char **words = NULL;
		char text[64] = "";
		int r = words_split(rows[i].text, &words);

		assert_int_equal(r, rows[i].words ? 0 : -EINVAL);
		if (r < 0)
			continue;
		STRV_FOREACH (word, words)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "[%s]", *word);
		assert_string_equal(text, rows[i].words);
	}
}

static void words_are_appended(void **state)
{
	_cleanup_strv_ char **words = NULL;

	assert_int_equal(words_split("a", &words), 0);
	assert_int_equal(words_split("b c", &words), 0);
	assert_int_equal(strv_length(words), 3);
	assert_string_equal(words[2], "c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(words_are_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
