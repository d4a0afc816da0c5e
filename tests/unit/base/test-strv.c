/* SPDX-License-Identifier: MIT */
/*
 * test-strv: arrays of strings.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "base/strv.h"
#include "unit/memory.h"

static void empty_array_is_null(void **state)
{
	assert_int_equal(strv_length(NULL), 0);
	assert_false(strv_contains(NULL, "a"));
	strv_free(NULL);
}

static void push_copies(void **state)
{
	_cleanup_strv_ char **l = NULL;
	char word[] = "one";

	assert_int_equal(strv_push(&l, word), 0);
	word[0] = 'X';
	assert_int_equal(strv_push(&l, ""), 0);
	assert_int_equal(strv_length(l), 2);
	assert_string_equal(l[0], "one");
	assert_string_equal(l[1], "");
	assert_null(l[2]);
}

static void contains_compares_whole_words(void **state)
{
	_cleanup_strv_ char **l = NULL;

	assert_int_equal(strv_split(&l, "ext4,vfat", ","), 0);
	assert_true(strv_contains(l, "vfat"));
	assert_false(strv_contains(l, "ext"));
	assert_false(strv_contains(l, "ext4x"));
	assert_false(strv_contains(l, ""));
}

static void remove_takes_out_each(void **state)
{
	_cleanup_strv_ char **l = NULL;

	strv_remove(NULL, "a");
	assert_int_equal(strv_split(&l, "a,b,a,c,a", ","), 0);
	strv_remove(l, "x");
	assert_int_equal(strv_length(l), 5);
	strv_remove(l, "a");
	assert_int_equal(strv_length(l), 2);
	assert_string_equal(l[0], "b");
	assert_string_equal(l[1], "c");
}

static void split_leaves_out_empty_words(void **state)
{
	_cleanup_strv_ char **l = NULL;

	assert_int_equal(strv_split(&l, ", a,,b c, ", ", "), 0);
	assert_int_equal(strv_length(l), 3);
	assert_string_equal(l[0], "a");
	assert_string_equal(l[1], "b");
	assert_string_equal(l[2], "c");
}

static void split_of_nothing_stays_empty(void **state)
{
	_cleanup_strv_ char **l = NULL;

	assert_int_equal(strv_split(&l, "", ","), 0);
	assert_int_equal(strv_split(&l, ",,,", ","), 0);
	assert_null(l);
}

static void split_appends(void **state)
{
	_cleanup_strv_ char **l = NULL;

	assert_int_equal(strv_push(&l, "first"), 0);
	assert_int_equal(strv_split(&l, "second", ","), 0);
	assert_int_equal(strv_length(l), 2);
	assert_string_equal(l[1], "second");
}

static int split_three(void *data)
{
	_cleanup_strv_ char **l = NULL;
	int r = strv_split(&l, "a b c", " ");

	/* Whatever failed, what is there is an array. */
	assert_true(strv_length(l) <= 3);
	return r;
}

static void out_of_memory_leaves_a_valid_array(void **state)
{
	/* Each word: its own copy, the array, the array's copy. */
	assert_int_equal(memory_sweep(split_three, NULL), 9);
}

static void string_set_replaces_or_keeps(void **state)
{
	_cleanup_free_ char *s = NULL;

	assert_int_equal(string_set(&s, "old"), 0);
	assert_int_equal(string_set(&s, "new"), 0);
	assert_string_equal(s, "new");
	memory_countdown = 1;
	assert_int_equal(string_set(&s, "never"), -ENOMEM);
	assert_string_equal(s, "new");
	assert_int_equal(string_set(&s, NULL), 0);
	assert_null(s);
}

static void string_questions(void **state)
{
	assert_true(streq_null(NULL, NULL));
	assert_false(streq_null(NULL, ""));
	assert_false(streq_null("a", NULL));
	assert_true(streq_null("a", "a"));
	assert_string_equal(startswith("UUID=x", "UUID="), "x");
	assert_null(startswith("UUI", "UUID="));
	assert_true(endswith("a.conf", ".conf"));
	assert_false(endswith("conf", ".conf"));
	assert_true(endswith("", ""));
}

static void joined(void **state)
{
	static const struct {
		const char *words, *text;
	} rows[] = { { "", "" }, { "a", "a" }, { "a bc d", "a, bc, d" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strv_ char **l = NULL;
		_cleanup_free_ char *text = NULL;

		assert_int_equal(strv_split(&l, rows[i].words, " "), 0);
		text = strv_join(l, ", ");
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joined),
		cmocka_unit_test(empty_array_is_null),
		cmocka_unit_test(push_copies),
		cmocka_unit_test(contains_compares_whole_words),
		cmocka_unit_test(remove_takes_out_each),
		cmocka_unit_test(split_leaves_out_empty_words),
		cmocka_unit_test(split_of_nothing_stays_empty),
		cmocka_unit_test(split_appends),
		cmocka_unit_test(out_of_memory_leaves_a_valid_array),
		cmocka_unit_test(string_set_replaces_or_keeps),
		cmocka_unit_test(string_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
