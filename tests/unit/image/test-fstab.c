/* SPDX-License-Identifier: MIT */
/* test-fstab: the type of the root. */
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(types) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
