/* SPDX-License-Identifier: MIT */
/* test-udevdb: udev's database after us. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/macro.h"
#include "init/udevdb.h"
#include "unit/scratch.h"

static void assert_file(const struct scratch *s, const char *name, const char *text)
{
	_cleanup_free_ char *found = NULL;

	assert_int_equal(file_read(s->fd, name, 4096, &found, NULL), 0);
	assert_string_equal(found, text);
}

static void only_mappings(void **state)
{
	const struct scratch *s = *state;
	struct device vda = { .name = (char *)"vda", .devno = makedev(254, 0) };
	struct device lv = {
		.name = (char *)"dm-1", .devno = makedev(253, 1), .dm_name = (char *)"vg-root",
		.dm_uuid = (char *)"LVM-abc",
	};
	struct device *items[] = { &vda, &lv };
	const struct devices devices = { .items = items, .n = 2 };

	assert_int_equal(udevdb_write(s->fd, &devices, 1234567), 0);
	assert_file(s, "udev/data/b253:1",
		    "I:1234567\nE:DM_UDEV_PRIMARY_SOURCE_FLAG=1\nE:DM_UDEV_RULES=1\nE:DM_UDEV_RULES_VSN=2\n"
		    "E:DM_ACTIVATION=1\nE:DM_SUSPENDED=0\nE:DM_NAME=vg-root\nE:DM_UUID=LVM-abc\nV:1\n");
	assert_int_equal(faccessat(s->fd, "udev/data/b254:0", F_OK, 0), -1);
}

/* As lvm2 itself has udev treat it: no links that lead to a file system, no .device unit. */
static void inside_of_a_volume(void **state)
{
	const struct scratch *s = *state;
	struct device dm = {
		.name = (char *)"dm-0", .devno = makedev(253, 0), .dm_name = (char *)"vg-root_rimage_0",
		.dm_uuid = (char *)"LVM-CWjSc9YagtG0dVRmgc1ofo4R9z9Ub733vfR2qjgzxyehTb0e9orAdfUJ1loVUwTN",
	};
	struct device *items[] = { &dm };

	assert_int_equal(udevdb_write(s->fd, &(struct devices){ .items = items, .n = 1 }, 7), 0);
	assert_file(s, "udev/data/b253:0",
		    "I:7\nE:DM_UDEV_PRIMARY_SOURCE_FLAG=1\nE:DM_UDEV_RULES=1\nE:DM_UDEV_RULES_VSN=2\n"
		    "E:DM_ACTIVATION=1\nE:DM_SUSPENDED=0\nE:DM_NAME=vg-root_rimage_0\n"
		    "E:DM_UUID=LVM-CWjSc9YagtG0dVRmgc1ofo4R9z9Ub733vfR2qjgzxyehTb0e9orAdfUJ1loVUwTN\n"
		    "E:DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG=1\nE:DM_UDEV_DISABLE_DISK_RULES_FLAG=1\n"
		    "E:DM_UDEV_DISABLE_OTHER_RULES_FLAG=1\nE:DM_COOKIE_DISABLE_OTHER_RULES_FLAG=1\nV:1\n");
}

static void nothing_without_mappings(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(udevdb_write(s->fd, &(struct devices){ 0 }, 1), 0);
	assert_int_equal(faccessat(s->fd, "udev", F_OK, 0), -1);
}

static void what_udevd_wrote_stays(void **state)
{
	const struct scratch *s = *state;
	struct device dm = { .name = (char *)"dm-0", .devno = makedev(253, 0), .dm_name = (char *)"a" };
	struct device *items[] = { &dm };

	assert_int_equal(file_mkdir_parents(s->fd, "udev/data", 0755), 0);
	scratch_write(s, "udev/data/b253:0", "E:X=1\n", 6);
	assert_int_equal(udevdb_write(s->fd, &(struct devices){ .items = items, .n = 1 }, 1), 0);
	assert_file(s, "udev/data/b253:0", "E:X=1\n");
}

static void no_place_for_it(void **state)
{
	const struct scratch *s = *state;
	struct device dm = { .name = (char *)"dm-0", .dm_name = (char *)"a" }, *items[] = { &dm };

	scratch_write(s, "udev", "", 0);
	assert_int_equal(udevdb_write(s->fd, &(struct devices){ .items = items, .n = 1 }, 1), -ENOTDIR);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_mappings),
		TEST(inside_of_a_volume),
		TEST(nothing_without_mappings),
		TEST(what_udevd_wrote_stays),
		TEST(no_place_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
