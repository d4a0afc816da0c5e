/* SPDX-License-Identifier: MIT */
/*
 * test-mountinfo: the mount table, from what kernels really showed (tests/data/mountinfo).
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/mountinfo.h"
#include "unit/memory.h"

#define DATA "tests/data/mountinfo/"

static char *captured(const char *name)
{
	_cleanup_free_ char *path = NULL;
	char *text = NULL;

	assert_true(asprintf(&path, DATA "%s", name) > 0);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
	return text;
}

static void parse_captured(const char *name, struct mountinfo *ret)
{
	_cleanup_free_ char *text = captured(name);

	assert_int_equal(mountinfo_parse(text, ret), 0);
	assert_int_equal(ret->dropped, 0);
}

static void fields_of_a_line(void **state)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };
	const struct mount_entry *e;

	parse_captured("escapes-and-stacks", &m);
	assert_int_equal(m.n, 19);
	e = mountinfo_find_target(&m, "/usr");
	assert_non_null(e);
	assert_int_equal(e->id, 65);
	assert_int_equal(e->parent, 64);
	assert_int_equal(major(e->dev), 254);
	assert_int_equal(minor(e->dev), 0);
	assert_string_equal(e->root, "/usr");
	assert_string_equal(e->options, "rw,relatime");
	assert_string_equal(e->fstype, "ext4");
	assert_string_equal(e->source, "/dev/vda");
	assert_string_equal(e->super, "rw");
}

static void escapes_are_undone_everywhere(void **state)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };
	const struct mount_entry *e;

	parse_captured("escapes-and-stacks", &m);
	e = mountinfo_find_target(&m, "/mnt/with space");
	assert_non_null(e);
	assert_string_equal(e->source, "with space");
	assert_non_null(mountinfo_find_target(&m, "/mnt/tab\tand\\back"));
	assert_non_null(mountinfo_find_target(&m, "/mnt/new\nline"));
	e = mountinfo_find_target(&m, "/mnt/hash#");
	assert_non_null(e);
	assert_string_equal(e->source, "#hash");
	e = mountinfo_find_target(&m, "/merged");
	assert_non_null(e);
	assert_string_equal(e->super, "rw,lowerdir=/ov/a b,upperdir=/ov/up,workdir=/ov/wo,uuid=on");
	e = mountinfo_find_target(&m, "/v\xc3\xb6ila");
	assert_non_null(e);
	assert_string_equal(e->source, "voil\xc3\xa0");
}

static void only_octal_escapes_are_escapes(void **state)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };

	assert_int_equal(
		mountinfo_parse("2 1 0:3 / /a\\040\\x\\08\\4\\400\\ rw - t s rw\\04\n", &m), 0);
	assert_int_equal(m.n, 1);
	assert_string_equal(m.items[0].target, "/a \\x\\08\\4\\400\\");
	assert_string_equal(m.items[0].super, "rw\\04");
}

static void empty_source(void **state)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };
	const struct mount_entry *e;

	parse_captured("escapes-and-stacks", &m);
	e = mountinfo_find_target(&m, "/empty");
	assert_non_null(e);
	assert_string_equal(e->source, "");
	assert_string_equal(e->super, "rw");
}

static void bind_of_a_deleted_file(void **state)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };
	const struct mount_entry *e;

	parse_captured("escapes-and-stacks", &m);
	e = mountinfo_find_target(&m, "/bound");
	assert_non_null(e);
	assert_string_equal(e->root, "/f//deleted");
}

static void optional_fields_are_skipped(void **state)
{
	static const char *const targets[] = { "/proc", "/a", "/b", "/c", "/d", "/c/sub" };
	_cleanup_mountinfo_ struct mountinfo m = { 0 };

	parse_captured("propagation", &m);
	assert_int_equal(m.n, 10);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		const struct mount_entry *e = mountinfo_find_target(&m, targets[i]);

		assert_non_null(e);
		assert_string_equal(e->options, "rw,relatime");
		assert_string_equal(e->fstype, i == 0 ? "proc" : "tmpfs");
	}
}

/* The kernel lists by the order of making: a mount that was moved onto a later one comes before
 * it. */
static void topmost_of_a_stack(void **state)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };

	parse_captured("escapes-and-stacks", &m);
	assert_string_equal(mountinfo_find_target(&m, "/stack")->source, "second");
	assert_string_equal(mountinfo_find_target(&m, "/x")->source, "above");
	assert_string_equal(mountinfo_find_target(&m, "/late")->source, "early");
	assert_null(mountinfo_find_target(&m, "/stac"));
	assert_null(mountinfo_find_target(&m, "/stack/"));
}

/* In an initramfs / is its own parent; the new root is moved on top of it. */
static void root_that_is_its_own_parent(void **state)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };

	assert_int_equal(mountinfo_parse("1 1 0:2 / / rw - rootfs rootfs rw\n", &m), 0);
	assert_int_equal(mountinfo_find_target(&m, "/")->id, 1);
	mountinfo_free(&m);
	assert_int_equal(mountinfo_parse("30 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
					 "1 1 0:2 / / rw - rootfs rootfs rw\n", &m), 0);
	assert_int_equal(mountinfo_find_target(&m, "/")->id, 30);
}

/* No kernel says this, but a loop in it must not become one in PID 1. */
static void parents_in_a_ring(void **state)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };

	assert_int_equal(
		mountinfo_parse("2 3 0:1 / /a rw - t s rw\n3 2 0:1 / /a rw - t s rw\n", &m), 0);
	assert_non_null(mountinfo_find_target(&m, "/a"));
}

static void lines_that_are_none_are_counted(void **state)
{
	static const char *const garbage[] = {
		"x",
		"1",
		"1 2",
		"1 2 3",
		"1 2 8:1",
		"1 2 8:1 /",
		"1 2 8:1 / /mnt",
		"1 2 8:1 / /mnt rw",
		"1 2 8:1 / /mnt rw shared:1",
		"1 2 8:1 / /mnt rw -",
		"1 2 8:1 / /mnt rw - ext4",
		"1 2 8:1 / /mnt rw - ext4 /dev/sda1",
		"1 2 8:1 / /mnt rw -  /dev/sda1 rw",
		"a 2 8:1 / /mnt rw - ext4 /dev/sda1 rw",
		"1 2 8-1 / /mnt rw - ext4 /dev/sda1 rw",
		" ",
	};

	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		_cleanup_mountinfo_ struct mountinfo m = { 0 };
		_cleanup_free_ char *text = NULL;

		assert_true(asprintf(&text, "%s\n2 1 0:3 / /good rw - t s rw\n\n%s", garbage[i],
				     garbage[i]) > 0);
		assert_int_equal(mountinfo_parse(text, &m), 0);
		if (m.n != 1 || m.dropped != 2)
			fail_msg("<%s>: %zu read, %zu dropped", garbage[i], m.n, m.dropped);
		assert_non_null(mountinfo_find_target(&m, "/good"));
	}
}

static void no_mounts_at_all(void **state)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };

	assert_int_equal(mountinfo_parse("", &m), 0);
	assert_int_equal(m.n, 0);
	assert_null(mountinfo_find_target(&m, "/"));
}

static void reads_the_running_kernels(void **state)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };
	struct mountinfo untouched = { .n = 4711 };

	assert_int_equal(mountinfo_read("/proc", &m), 0);
	assert_int_equal(m.dropped, 0);
	assert_non_null(mountinfo_find_target(&m, "/proc"));
	assert_string_equal(mountinfo_find_target(&m, "/proc")->fstype, "proc");
	assert_int_equal(mountinfo_read("/nowhere", &untouched), -ENOENT);
	assert_int_equal(untouched.n, 4711);
}

static void options_are_whole_words(void **state)
{
	assert_true(mount_has_option("ro", "ro"));
	assert_true(mount_has_option("ro,relatime", "ro"));
	assert_true(mount_has_option("relatime,ro", "ro"));
	assert_true(mount_has_option("nosuid,ro,relatime", "ro"));
	assert_false(mount_has_option("rw,errors=remount-ro", "ro"));
	assert_false(mount_has_option("rootcontext=x,noro", "ro"));
	assert_false(mount_has_option("", "ro"));
	assert_false(mount_has_option(NULL, "ro"));
}

static int parse_all(void *data)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };

	return mountinfo_parse(data, &m);
}

static int read_all(void *data)
{
	_cleanup_mountinfo_ struct mountinfo m = { 0 };

	return mountinfo_read("/proc", &m);
}

static void out_of_memory_is_reported(void **state)
{
	_cleanup_free_ char *text = captured("propagation");

	/* The copy; for each of ten mounts six strings and the array. */
	assert_int_equal(memory_sweep(parse_all, text), 1 + 10 * 7);
	assert_true(memory_sweep(read_all, NULL) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_a_line),
		cmocka_unit_test(escapes_are_undone_everywhere),
		cmocka_unit_test(only_octal_escapes_are_escapes),
		cmocka_unit_test(empty_source),
		cmocka_unit_test(bind_of_a_deleted_file),
		cmocka_unit_test(optional_fields_are_skipped),
		cmocka_unit_test(topmost_of_a_stack),
		cmocka_unit_test(root_that_is_its_own_parent),
		cmocka_unit_test(parents_in_a_ring),
		cmocka_unit_test(lines_that_are_none_are_counted),
		cmocka_unit_test(no_mounts_at_all),
		cmocka_unit_test(reads_the_running_kernels),
		cmocka_unit_test(options_are_whole_words),
		cmocka_unit_test(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
