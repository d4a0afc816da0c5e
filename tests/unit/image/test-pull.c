/* SPDX-License-Identifier: MIT */
/* test-pull: paths of a sysroot into the tree, with the symlinks that lead to them. */
#include <errno.h>

#include "image/pull.h"
#include "unit/image/root.h"

static int take(struct tree *t, const struct sysroot *s, const char *path,
		const struct tree_node **ret)
{
	return pull(t, s, &(struct pull){ .path = path, .reason = "test" }, ret);
}

static void assert_link(const struct tree *t, const char *path, const char *target)
{
	const struct tree_node *n = tree_find(t, path);

	assert_non_null(n);
	assert_true(S_ISLNK(n->mode));
	assert_string_equal(n->target, target);
}

static void symlinks_come_along(void **state)
{
	struct scratch *s = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(s);
	_cleanup_tree_ struct tree t = { 0 };
	const struct tree_node *n;

	root_file(s, "usr/bin/kmod", "program", 0755);
	assert_int_equal(file_mkdir_parents(s->fd, "usr/sbin", 0755), 0);
	root_link(s, "bin", "usr/bin");
	root_link(s, "sbin", "usr/sbin");
	root_link(s, "usr/sbin/modprobe", "/bin/kmod");
	assert_int_equal(take(&t, &root, "/sbin/modprobe", &n), 0);
	assert_string_equal(n->path, "usr/bin/kmod");
	assert_int_equal(n->mode, S_IFREG | 0755);
	assert_link(&t, "sbin", "usr/sbin");
	assert_link(&t, "bin", "usr/bin");
	assert_link(&t, "usr/sbin/modprobe", "/bin/kmod");
	/* Those, and the directories usr, usr/bin, usr/sbin: nothing else. */
	assert_int_equal(t.n, 7);
	assert_int_equal(take(&t, &root, "usr/bin/kmod", NULL), 0);
	assert_int_equal(t.n, 7);
}

static void the_tree_comes_before_the_sysroot(void **state)
{
	struct scratch *s = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(s);
	_cleanup_tree_ struct tree t = { 0 };
	const struct tree_node *n;

	root_file(s, "bin/dash", "dash", 0755);
	root_file(s, "bin/busybox", "busybox", 0755);
	root_link(s, "bin/sh", "dash");
	assert_int_equal(take(&t, &root, "bin/busybox", NULL), 0);
	assert_int_equal(tree_add(&t,
				  &(struct tree_node){ .path = "bin/sh",
						       .mode = S_IFLNK | 0777,
						       .target = "busybox",
						       .reason = "test" },
				  NULL),
			 0);
	assert_int_equal(take(&t, &root, "/bin/sh", &n), 0);
	assert_string_equal(n->path, "bin/busybox");
	assert_null(tree_find(&t, "bin/dash"));
}

static void below_another_root(void **state)
{
	struct scratch *s = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(s);
	_cleanup_tree_ struct tree t = { 0 };
	const struct tree_node *n;

	root_file(s, "usr/lib/libx.so.1.2", "library", 0644);
	root_link(s, "lib", "/usr/lib");
	root_link(s, "usr/lib/libx.so.1", "libx.so.1.2");
	assert_int_equal(
		pull(&t, &root,
		     &(struct pull){ .path = "/lib/libx.so.1", .below = "exit/", .reason = "x" },
		     &n),
		0);
	assert_string_equal(n->path, "exit/usr/lib/libx.so.1.2");
	assert_link(&t, "exit/lib", "/usr/lib");
	assert_null(tree_find(&t, "lib"));
}

static void what_cannot_be_pulled(void **state)
{
	struct scratch *s = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(s);
	_cleanup_tree_ struct tree t = { 0 };

	root_link(s, "loop", "loop");
	root_link(s, "dangling", "nowhere");
	assert_int_equal(mkfifoat(s->fd, "fifo", 0644), 0);
	assert_int_equal(take(&t, &root, "loop", NULL), -ELOOP);
	assert_int_equal(take(&t, &root, "dangling", NULL), -ENOENT);
	assert_int_equal(take(&t, &root, "fifo", NULL), -EINVAL);
}

static void directories_are_pulled_by_suffix(void **state)
{
	struct scratch *s = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(s);
	_cleanup_tree_ struct tree t = { 0 };

	root_file(s, "etc/modprobe.d/a.conf", "a", 0644);
	root_file(s, "etc/modprobe.d/b.conf.bak", "b", 0644);
	assert_int_equal(pull_directory(&t, &root,
					&(struct pull){ .path = "etc/modprobe.d",
							.flags = TREE_DATA,
							.reason = "x" },
					".conf"),
			 0);
	assert_int_equal(tree_find(&t, "etc/modprobe.d/a.conf")->flags, TREE_DATA);
	assert_null(tree_find(&t, "etc/modprobe.d/b.conf.bak"));
	assert_int_equal(pull_directory(&t, &root,
					&(struct pull){ .path = "none", .reason = "x" }, ""),
			 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(symlinks_come_along),
		TEST(the_tree_comes_before_the_sysroot),
		TEST(below_another_root),
		TEST(what_cannot_be_pulled),
		TEST(directories_are_pulled_by_suffix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
