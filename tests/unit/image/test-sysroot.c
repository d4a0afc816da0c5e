/* SPDX-License-Identifier: MIT */
/* test-sysroot: everything is resolved inside it. */
#include <errno.h>

#include "base/strv.h"
#include "unit/image/root.h"

/* /etc/hostname is there on the host too: what is read must be the sysroot's. */
static void absolute_symlinks_stay_inside(void **state)
{
	struct scratch *s = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(s);
	_cleanup_free_ char *text = NULL, *up = NULL, *path = NULL;

	root_file(s, "etc/passwd", "inside\n", 0644);
	root_link(s, "link", "/etc/passwd");
	root_link(s, "up", "../../../../../../etc/passwd");
	assert_int_equal(sysroot_read(&root, "link", &text), 0);
	assert_string_equal(text, "inside\n");
	assert_int_equal(sysroot_read(&root, "/up", &up), 0);
	assert_string_equal(up, "inside\n");
	assert_int_equal(sysroot_resolve(&root, "/link", &path), 0);
	assert_string_equal(path, "etc/passwd");
	assert_false(sysroot_has(&root, "/etc/shadow"));
	assert_true(sysroot_has(&root, ""));
}

static void loops_and_gaps(void **state)
{
	struct scratch *s = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(s);
	char *path = NULL;
	struct stat st;

	root_link(s, "loop", "loop");
	root_file(s, "file", "", 0644);
	assert_int_equal(sysroot_resolve(&root, "loop", &path), -ELOOP);
	assert_int_equal(sysroot_stat(&root, "loop", &st), -ELOOP);
	assert_int_equal(sysroot_resolve(&root, "none", &path), -ENOENT);
	assert_int_equal(sysroot_resolve(&root, "file/x", &path), -ENOTDIR);
	assert_null(path);
}

static void lists_are_sorted(void **state)
{
	struct scratch *s = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(s);
	_cleanup_strv_ char **all = NULL, **conf = NULL, **none = NULL;

	root_file(s, "d/b.conf", "", 0644);
	root_file(s, "d/a.conf", "", 0644);
	root_file(s, "d/B.conf", "", 0644);
	root_file(s, "d/.hidden.conf", "", 0644);
	root_file(s, "d/readme", "", 0644);
	assert_int_equal(sysroot_list(&root, "/d", "", &all), 0);
	assert_int_equal(strv_length(all), 4);
	assert_int_equal(sysroot_list(&root, "d", ".conf", &conf), 0);
	assert_int_equal(strv_length(conf), 3);
	assert_string_equal(conf[0], "B.conf");
	assert_string_equal(conf[1], "a.conf");
	assert_string_equal(conf[2], "b.conf");
	assert_int_equal(sysroot_list(&root, "nowhere", "", &none), 0);
	assert_null(none);
	assert_int_equal(sysroot_list(&root, "d/readme", "", &none), -ENOTDIR);
}

static void only_a_directory_is_a_sysroot(void **state)
{
	struct scratch *s = *state;
	struct sysroot root = SYSROOT_NONE;
	char path[128];

	root_file(s, "file", "", 0644);
	snprintf(path, sizeof(path), "%s/file", s->path);
	assert_int_equal(sysroot_open(path, &root), -ENOTDIR);
	snprintf(path, sizeof(path), "%s/none", s->path);
	assert_int_equal(sysroot_open(path, &root), -ENOENT);
	assert_int_equal(root.fd, -EBADF);
}

static void paths_for_people(void **state)
{
	struct sysroot slash = { .path = (char[]){ "/" } },
		       other = { .path = (char[]){ "/x/y" } };
	_cleanup_free_ char *a = sysroot_path(&slash, "usr"), *b = sysroot_path(&other, "/usr");

	assert_string_equal(a, "/usr");
	assert_string_equal(b, "/x/y/usr");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(absolute_symlinks_stay_inside), TEST(loops_and_gaps), TEST(lists_are_sorted),
		TEST(only_a_directory_is_a_sysroot), cmocka_unit_test(paths_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
