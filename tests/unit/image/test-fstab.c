/* SPDX-License-Identifier: MIT */
/* test-fstab: the type of the root, and its options. */
#include <errno.h>

#include "base/macro.h"
#include "image/fstab.h"
#include "unit/unit.h"

static void types(void **state)
{
	static const struct {
		const char *text, *type; /* NULL: not told */
	} rows[] = {
		{ "UUID=1 / ext4 rw 0 1\n", "ext4" },
		{ "# UUID=1 / xfs rw 0 1\n/dev/sda1\t/\tbtrfs", "btrfs" },
		{ "#/dev/sda1 / xfs\n", NULL },
		{ "/dev/sda2 /home xfs\n/dev/sda1 / ext4,ext3 rw\n", "ext4" },
		{ "/dev/sda1 / auto rw\n", NULL },
		{ "/dev/sda1 /\n", NULL },
		{ "/dev/sda1 // ext4\n", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *type = NULL;
		int r = fstab_find(rows[i].text, "/", NULL, &type);

		assert_true(r == 0 || (r == -ENOENT && !rows[i].type));
		assert_true(streq_null(type, rows[i].type));
	}
}

static void options(void **state)
{
	static const struct {
		const char *text, *options; /* NULL: there is no such row */
	} rows[] = {
		{ "UUID=1 /usr ext4 rw,noatime 0 1\n", "rw,noatime" },
		{ "UUID=1 /usr ext4\n", "" },
		{ "UUID=1 /usr ext4 a=b\\040c\n", "a=b c" },
		{ "UUID=1 / ext4 rw\n", NULL },
		{ "#UUID=1 /usr ext4 rw\nUUID=1 /usr ext4 first\nUUID=1 /usr ext4 second\n", "first" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *found = NULL;
		int r = fstab_find_options(rows[i].text, "/usr", &found);

		assert_int_equal(r, rows[i].options ? 0 : -ENOENT);
		assert_true(streq_null(found, rows[i].options));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(types), cmocka_unit_test(options) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
