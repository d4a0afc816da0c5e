/* SPDX-License-Identifier: MIT */
/* test-ldpath: ld.so.conf with its includes, and what a DT_RPATH stands for. */
#include <errno.h>

#include "base/strv.h"
#include "image/ldpath.h"
#include "unit/image/root.h"

static void assert_list(char *const *list, const char *expected)
{
	char text[512] = "";

	STRV_FOREACH(s, list)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			 *text ? " " : "", *s);
	assert_string_equal(text, expected);
}

static void includes_are_followed_inside(void **state)
{
	struct scratch *s = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(s);
	_cleanup_strv_ char **dirs = NULL;

	root_file(s, "etc/ld.so.conf",
		  "# comment\n"
		  "/first  # why\n"
		  "include /etc/ld.so.conf.d/*.conf\n"
		  "include more/extra.conf\n"
		  "hwcap 1 nosegneg\n"
		  "\t/a:/b,/c /d=libc6\n"
		  "relative/dir\n"
		  "/first\n",
		  0644);
	root_file(s, "etc/ld.so.conf.d/20.conf", "/twenty\n", 0644);
	root_file(s, "etc/ld.so.conf.d/10.conf", "/ten", 0644);
	root_file(s, "etc/ld.so.conf.d/30.disabled", "/thirty\n", 0644);
	root_file(s, "etc/more/extra.conf", "/extra\ninclude nothing-*.conf\n", 0644);
	assert_int_equal(ldpath_read_conf(&root, &dirs), 0);
	assert_list(dirs, "/first /ten /twenty /extra /a /b /c /d");
}

static void no_file_is_nothing(void **state)
{
	_cleanup_sysroot_ struct sysroot root = root_open(*state);
	char **dirs = NULL;

	assert_int_equal(ldpath_read_conf(&root, &dirs), 0);
	assert_null(dirs);
}

static void files_that_include_each_other(void **state)
{
	struct scratch *s = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(s);
	_cleanup_strv_ char **dirs = NULL;

	root_file(s, "etc/ld.so.conf", "include ld.so.conf\n", 0644);
	assert_int_equal(ldpath_read_conf(&root, &dirs), -ELOOP);
}

static void expands(void **state)
{
	static const struct {
		const char *rpath, *origin, *expected;
		const char *loader_dir;
	} rows[] = {
		{ "/a:/b", "usr/bin", "/a /b", NULL },
		{ "$ORIGIN/../lib:/b", "usr/bin", "/usr/bin/../lib /b", NULL },
		{ "${ORIGIN}", "", "/", NULL },
		{ "/usr/$LIB:/x/$PLATFORM:/a", "usr/bin", "/a", NULL },
		{ "$ORIGIN/$LIB:lib:.", "usr/bin", "", NULL },
		{ "", "usr/bin", "", NULL },
		{ "/usr/$LIB/x:/opt/${LIB}", "usr/bin", "/usr/lib64/x /opt/lib64", "usr/lib64" },
		{ "$ORIGIN/../$LIB", "usr/bin", "/usr/bin/../lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu" },
		{ "/x/$ORIGINAL/${LIB:/a$:/b${", "usr/bin", "", "lib" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strv_ char **dirs = NULL;

		assert_int_equal(ldpath_expand(rows[i].rpath, rows[i].origin, rows[i].loader_dir, &dirs), 0);
		assert_list(dirs, rows[i].expected);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(includes_are_followed_inside),
		TEST(no_file_is_nothing),
		TEST(files_that_include_each_other),
		cmocka_unit_test(expands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
