/* SPDX-License-Identifier: MIT */
/*
 * test-walk: path resolution inside a root, over a table of symlinks.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "image/walk.h"
#include "unit/memory.h"

static const struct link {
	const char *path, *target;
} links[] = {
	{ "lib", "usr/lib" },
	{ "usr/lib64", "lib" },
	{ "abs", "/usr/bin" },
	{ "usr/up", "../../../../etc" },
	{ "usr/bin/sh", "dash" },
	{ "usr/bin/env", "/bin/../../usr/./bin//tool" },
	{ "bin", "usr/bin" },
	{ "self", "self" },
	{ "a", "b" },
	{ "b", "a" },
	{ "root", "/" },
	{ "here", "." },
};

static int look(void *data, const char *path, char **ret_target)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (streq(links[i].path, path)) {
			*ret_target = strdup(links[i].target);
			return *ret_target ? 1 : -ENOMEM;
		}
	return streq(path, "forbidden") ? -EACCES : 0;
}

static void resolves(void **state)
{
	static const struct {
		const char *path, *expected;
	} rows[] = {
		{ "", "" },
		{ "/", "" },
		{ "usr/bin/x", "usr/bin/x" },
		{ "//usr///bin/./x/", "usr/bin/x" },
		{ "lib/x", "usr/lib/x" },
		{ "usr/lib64/x", "usr/lib/x" },
		{ "abs/x", "usr/bin/x" },
		{ "..", "" },
		{ "../../etc/../usr", "usr" },
		{ "usr/up/passwd", "etc/passwd" },
		{ "bin/sh", "usr/bin/dash" },
		{ "bin/env", "usr/bin/tool" },
		{ "root/root/lib", "usr/lib" },
		{ "here/here/x", "x" },
		/* ".." after a symlink leaves what it points at, not where it lies. */
		{ "lib/../x", "usr/x" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *found = NULL;

		assert_int_equal(walk(rows[i].path, look, NULL, &found), 0);
		assert_string_equal(found, rows[i].expected);
	}
}

static void loops_end(void **state)
{
	char *found = NULL;

	assert_int_equal(walk("self", look, NULL, &found), -ELOOP);
	assert_int_equal(walk("a/x", look, NULL, &found), -ELOOP);
	assert_null(found);
}

static void what_look_says_is_passed_on(void **state)
{
	char *found = NULL;

	assert_int_equal(walk("forbidden/x", look, NULL, &found), -EACCES);
	assert_null(found);
}

static int resolve_one(void *data)
{
	_cleanup_free_ char *found = NULL;

	return walk("abs/../up/x", look, NULL, &found);
}

static void memory_runs_out(void **state)
{
	assert_true(memory_sweep(resolve_one, NULL) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolves),
		cmocka_unit_test(loops_end),
		cmocka_unit_test(what_look_says_is_passed_on),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
