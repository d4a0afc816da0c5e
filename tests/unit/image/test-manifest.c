/* SPDX-License-Identifier: MIT */
/* test-manifest: written, read again, and what is no manifest refused. */
#include <errno.h>
#include <sys/stat.h>

#include "image/manifest.h"
#include "unit/unit.h"

static const struct tree_node *add(struct tree *t, const char *path, const char *reason, const struct tree_node *by)
{
	const struct tree_node *node;

	assert_int_equal(tree_add(t, &(struct tree_node){ .path = path,
							  .mode = S_IFREG | 0644,
							  .bytes = "",
							  .reason = reason,
							  .by = by },
				  &node), 0);
	return node;
}

static void text_of_a_tree(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };
	_cleanup_free_ char *text = NULL;
	const struct tree_node *init = add(&t, "init", "the kernel runs it", NULL);
	size_t size;

	add(&t, "zlib", "library of", init);
	add(&t, "#a\tb\nc\\d", "odd\treason", NULL);
	assert_int_equal(manifest_text(&t, "6.1\t0", "generic", &text, &size), 0);
	assert_string_equal(text, "#slipway\t" SLIPWAY_VERSION "\n"
				  "#kernel\t6.1\\0110\n"
				  "#mode\tgeneric\n"
				  "\\043a\\011b\\012c\\134d\todd\\011reason\t\n"
				  "init\tthe kernel runs it\t\n"
				  "usr/lib/slipway/manifest\tsays what is in the image, and why\t\n"
				  "zlib\tlibrary of\tinit\n");
	assert_int_equal(size, strlen(text));
}

static void read_again(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };
	_cleanup_manifest_ struct manifest m = { 0 };
	_cleanup_free_ char *text = NULL;
	const struct tree_node *init = add(&t, "#a\tb\nc\\d", "odd\treason", NULL);
	const struct manifest_row *row;
	struct manifest_failure failure;
	size_t size;

	add(&t, "library", "library of", init);
	assert_int_equal(manifest_text(&t, "6.1\t0", "generic", &text, &size), 0);
	assert_int_equal(manifest_read(text, size, &m, &failure), 0);
	assert_string_equal(m.version, SLIPWAY_VERSION);
	assert_string_equal(m.kernel, "6.1\t0");
	assert_string_equal(m.mode, "generic");
	assert_int_equal(m.n, 3);
	row = manifest_find(&m, "library");
	assert_non_null(row);
	assert_string_equal(row->reason, "library of");
	assert_string_equal(row->by, "#a\tb\nc\\d");
	row = manifest_find(&m, row->by);
	assert_non_null(row);
	assert_string_equal(row->reason, "odd\treason");
	assert_string_equal(row->by, "");
	assert_non_null(manifest_find(&m, MANIFEST));
	assert_null(manifest_find(&m, "librar"));
}

/* Of a later version, or sorted by somebody's editor. */
static void other_writers(void **state)
{
	static const char text[] = "#slipway\t9.0\n#colour\tgreen\n#mode\thost\nb\tr\t\na\tr\tb\n";
	_cleanup_manifest_ struct manifest m = { 0 };
	struct manifest_failure failure;

	assert_int_equal(manifest_read(text, strlen(text), &m, &failure), 0);
	assert_string_equal(m.version, "9.0");
	assert_string_equal(m.mode, "host");
	assert_null(m.kernel);
	assert_non_null(manifest_find(&m, "a"));
	assert_non_null(manifest_find(&m, "b"));
}

static void empty(void **state)
{
	_cleanup_manifest_ struct manifest m = { 0 };
	struct manifest_failure failure;

	assert_int_equal(manifest_read("", 0, &m, &failure), 0);
	assert_int_equal(m.n, 0);
	assert_null(manifest_find(&m, "a"));
}

static void refused(void **state)
{
	static const struct {
		const char *text;
		size_t line;
		const char *why;
	} cases[] = {
		{ "a\tr\t\nb", 2, "it is cut off" },
		{ "a\tr\t\nb\tr\t", 2, "it is cut off" },
		{ "a\n", 1, "no tab divides it" },
		{ "#kernel\n", 1, "no tab divides it" },
		{ "\n", 1, "no tab divides it" },
		{ "a\tr\n", 1, "it has not three fields, divided by tabs" },
		{ "a\tr\tb\tc\n", 1, "it has not three fields, divided by tabs" },
		{ "#kernel\t1\n\tr\t\n", 2, "it has no path" },
	};

	struct manifest m;
	struct manifest_failure failure;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(manifest_read(cases[i].text, strlen(cases[i].text), &m, &failure), -EBADMSG);
		assert_int_equal(failure.line, cases[i].line);
		assert_string_equal(failure.why, cases[i].why);
	}
	assert_int_equal(manifest_read("a\tr\t\n\0b", 7, &m, &failure), -EBADMSG);
	assert_int_equal(failure.line, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_a_tree), cmocka_unit_test(read_again), cmocka_unit_test(other_writers),
		cmocka_unit_test(empty),	  cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
