/* SPDX-License-Identifier: MIT */
/*
 * test-device: the table of block devices, on a small /sys.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include <sys/sysmacros.h>

#include "base/macro.h"
#include "base/strv.h"
#include "init/device.h"
#include "unit/memory.h"
#include "unit/sysfs.h"

#define VDA  "/devices/pci0000:00/0000:00:04.0/virtio1/block/vda"
#define DM_0 "/devices/virtual/block/dm-0"

static void make_sysfs(const struct scratch *s)
{
	static const char *const files[][2] = {
		{ VDA "/size",      "2097152\n" },
		{ VDA "/diskseq",   "7\n"       },
		{ VDA "/ro",        "0\n"       },
		{ VDA "/serial",    "disk one\n" },
		{ VDA "/vda1/size", "2048\n"    },
		{ VDA "/vda1/ro",   "1\n"       },
		{ DM_0 "/size",     "0\n"       },
		{ DM_0 "/dm/name",  "vg-root\n" },
		{ VDA "/loop/backing_file", "/run/slipway/host/r.img\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		sysfs_write(s, files[i][0], files[i][1]);
}

static const struct uevent vda = {
	.action = UEVENT_ADD, .devpath = VDA, .subsystem = "block", .devname = "vda", .devtype = "disk",
	.devno = 0xfe00,
};
static const struct uevent vda1 = {
	.action = UEVENT_ADD, .devpath = VDA "/vda1", .subsystem = "block", .devname = "vda1",
	.devtype = "partition", .partn = 1, .devno = 0xfe01,
};
static const struct uevent dm_0 = {
	.action = UEVENT_ADD, .devpath = DM_0, .subsystem = "block", .devname = "dm-0", .devtype = "disk",
	.devno = 0xfd00,
};

static void apply(struct devices *d, const struct scratch *s, const struct uevent *u)
{
	assert_int_equal(devices_apply(d, s->fd, u), 0);
}

static void disk_is_added(void **state)
{
	_cleanup_(devices_free) struct devices d = { 0 };
	const struct device *dev;

	make_sysfs(*state);
	apply(&d, *state, &vda);
	assert_int_equal(d.n, 1);
	dev = devices_find(&d, "vda");
	assert_non_null(dev);
	assert_string_equal(dev->name, "vda");
	assert_string_equal(dev->devname, "vda");
	assert_string_equal(dev->devpath, VDA);
	assert_null(dev->parent);
	assert_null(dev->dm_name);
	assert_string_equal(dev->file, "/run/slipway/host/r.img");
	assert_int_equal(dev->devno, makedev(254, 0));
	assert_int_equal(dev->sectors, 2097152);
	assert_int_equal(dev->diskseq, 7);
	assert_false(dev->read_only);
	assert_int_equal(dev->probe, PROBE_NONE);
	assert_string_equal(dev->links[0], "by-id/virtio-disk_one");
	assert_null(devices_find(&d, "vd"));
}

static void partition_has_its_parent(void **state)
{
	_cleanup_(devices_free) struct devices d = { 0 };
	const struct device *dev;

	make_sysfs(*state);
	apply(&d, *state, &vda1);
	dev = devices_find(&d, "vda1");
	assert_non_null(dev);
	assert_string_equal(dev->parent, "vda");
	assert_int_equal(dev->partn, 1);
	assert_int_equal(dev->sectors, 2048);
	/* The disk's. */
	assert_int_equal(dev->diskseq, 7);
	assert_true(dev->read_only);
}

static void dm_has_a_name(void **state)
{
	_cleanup_(devices_free) struct devices d = { 0 };

	make_sysfs(*state);
	apply(&d, *state, &dm_0);
	assert_string_equal(devices_find(&d, "dm-0")->dm_name, "vg-root");
	assert_int_equal(devices_find(&d, "dm-0")->sectors, 0);
}

/* dm's table, a medium, mkfs: what was read no longer counts. */
static void changed_device_is_to_be_read_again(void **state)
{
	_cleanup_(devices_free) struct devices d = { 0 };
	struct tags tags = { .type = strdup("ext4"), .uuid = strdup("a") };
	struct uevent change = dm_0;
	struct device *dev;
	uint64_t before;

	make_sysfs(*state);
	apply(&d, *state, &dm_0);
	dev = devices_find(&d, "dm-0");
	device_set_tags(dev, &tags, 4711);
	assert_null(tags.type);
	assert_int_equal(dev->probe, PROBE_DONE);
	assert_int_equal(dev->probed_at, 4711);
	assert_string_equal(dev->tags.uuid, "a");

	sysfs_write(*state, DM_0 "/size", "8\n");
	change.action = UEVENT_CHANGE;
	before = dev->announced;
	apply(&d, *state, &change);
	assert_int_equal(d.n, 1);
	assert_ptr_equal(devices_find(&d, "dm-0"), dev);
	assert_int_equal(dev->sectors, 8);
	assert_int_equal(dev->probe, PROBE_NONE);
	assert_null(dev->tags.uuid);
	assert_int_not_equal(dev->announced, before);

	/* What can no longer be read is not what it was. */
	sysfs_write(*state, DM_0 "/size", "gone\n");
	apply(&d, *state, &change);
	assert_int_equal(dev->sectors, 0);
}

/* A device that went and came again is not the one that was being read. */
static void no_two_announcements_are_alike(void **state)
{
	_cleanup_(devices_free) struct devices d = { 0 };
	struct uevent gone = vda;
	uint64_t before;

	apply(&d, *state, &vda);
	apply(&d, *state, &vda1);
	before = devices_find(&d, "vda")->announced;
	assert_int_not_equal(devices_find(&d, "vda1")->announced, before);
	gone.action = UEVENT_REMOVE;
	apply(&d, *state, &gone);
	apply(&d, *state, &vda);
	assert_int_not_equal(devices_find(&d, "vda")->announced, before);
}

static void tags_are_replaced(void **state)
{
	_cleanup_(devices_free) struct devices d = { 0 };
	struct tags first = { .type = strdup("ext4"), .uuid = strdup("a") }, second = { .label = strdup("l") };
	struct device *dev;

	apply(&d, *state, &vda);
	dev = devices_find(&d, "vda");
	device_set_tags(dev, &first, 1);
	device_set_tags(dev, &second, 2);
	assert_null(dev->tags.uuid);
	assert_string_equal(dev->tags.label, "l");
}

static void removed_device_is_gone(void **state)
{
	_cleanup_(devices_free) struct devices d = { 0 };
	struct uevent gone = vda;

	apply(&d, *state, &vda);
	apply(&d, *state, &vda1);
	apply(&d, *state, &dm_0);
	gone.action = UEVENT_REMOVE;
	apply(&d, *state, &gone);
	assert_int_equal(d.n, 2);
	assert_null(devices_find(&d, "vda"));
	assert_non_null(devices_find(&d, "vda1"));
	assert_non_null(devices_find(&d, "dm-0"));
	/* One that was never there. */
	apply(&d, *state, &gone);
	assert_int_equal(d.n, 2);
}

/* What was whole with it is not whole without it, and nothing stands on it any more. */
static void what_was_removed_is_missed(void **state)
{
	static const struct {
		const char *type, *uuid, *group, *gone_uuid, *gone_group;
		bool complete;
	} rows[] = {
		{ "btrfs",       "b", NULL, "b", NULL, false },
		{ "btrfs",       "b", NULL, "c", NULL, true  },
		{ "LVM2_member", "1", "vg", "2", "vg", false },
		{ "LVM2_member", "1", "vg", "2", "v",  true  },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(devices_free) struct devices d = { 0 };
		struct tags tags = { .type = strdup(rows[i].type), .uuid = strdup(rows[i].uuid) };
		struct tags gone_tags = { .type = strdup(rows[i].type), .uuid = strdup(rows[i].gone_uuid) };
		struct uevent gone = vda;

		apply(&d, *state, &vda);
		apply(&d, *state, &vda1);
		device_set_tags(devices_find(&d, "vda"), &gone_tags, 1);
		device_set_tags(devices_find(&d, "vda1"), &tags, 1);
		assert_int_equal(device_set_membership(devices_find(&d, "vda"), rows[i].gone_group, false, 0), 0);
		assert_int_equal(device_set_membership(devices_find(&d, "vda1"), rows[i].group, true, 0), 0);
		assert_int_equal(strv_push(&devices_find(&d, "vda1")->slaves, "vda"), 0);
		gone.action = UEVENT_REMOVE;
		apply(&d, *state, &gone);
		assert_int_equal(devices_find(&d, "vda1")->membership.complete, rows[i].complete);
		assert_int_equal(strv_length(devices_find(&d, "vda1")->slaves), 0);
	}
}

static void what_is_no_block_device_is_ignored(void **state)
{
	_cleanup_(devices_free) struct devices d = { 0 };
	struct uevent tty = vda, none = vda, nameless = vda;

	tty.subsystem = "tty";
	none.subsystem = NULL;
	nameless.devname = NULL;
	apply(&d, *state, &tty);
	apply(&d, *state, &none);
	apply(&d, *state, &nameless);
	assert_int_equal(d.n, 0);
}

/* It can be gone from /sys before its message is read. */
static void device_without_sysfs(void **state)
{
	_cleanup_(devices_free) struct devices d = { 0 };

	apply(&d, *state, &vda1);
	assert_int_equal(devices_find(&d, "vda1")->sectors, 0);
	assert_int_equal(devices_find(&d, "vda1")->devno, makedev(254, 1));
	assert_string_equal(devices_find(&d, "vda1")->parent, "vda");
}

static void name_with_a_slash(void **state)
{
	_cleanup_(devices_free) struct devices d = { 0 };
	struct uevent u = vda;

	u.devpath = "/devices/x/block/cciss!c0d0";
	u.devname = "cciss/c0d0";
	apply(&d, *state, &u);
	assert_string_equal(devices_find(&d, "cciss!c0d0")->devname, "cciss/c0d0");
}

#define T(s) ((char *)(s))

static void described(void **state)
{
	static const struct {
		struct device dev;
		const char *text;
	} rows[] = {
		{ { .sectors = 1 }, "vda" },
		{ { .sectors = 0 }, "vda (no medium)" },
		{ { .sectors = 1, .tags = { .type = T("ext4"), .uuid = T("a"), .label = T("b c") } },
		  "vda (ext4 UUID=a LABEL=b c)" },
		{ { .sectors = 1, .tags = { .pttype = T("gpt") } }, "vda (gpt)" },
		{ { .sectors = 1, .tags = { .type = T("iso9660"), .pttype = T("dos") } }, "vda (iso9660)" },
		{ { .sectors = 1, .tags = { .partuuid = T("p"), .partlabel = T("q") } },
		  "vda (PARTUUID=p PARTLABEL=q)" },
		{ { .sectors = 1, .tags = { .uuid = T("a"), .ambivalent = true } }, "vda (UUID=a several signatures)" },
		{ { .sectors = 1, .probe = PROBE_FAILED }, "vda (cannot be read)" },
		{ { .sectors = 1, .probe = PROBE_RUNNING }, "vda (being read)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct device dev = rows[i].dev;
		_cleanup_free_ char *text = NULL;

		dev.devname = T("vda");
		text = device_describe(&dev);
		assert_string_equal(text, rows[i].text);
	}
}

static void all_described(void **state)
{
	_cleanup_(devices_free) struct devices d = { 0 };
	_cleanup_free_ char *none = devices_describe(&d), *two = NULL;

	assert_string_equal(none, "none");
	make_sysfs(*state);
	apply(&d, *state, &vda);
	apply(&d, *state, &dm_0);
	two = devices_describe(&d);
	assert_string_equal(two, "vda, dm-0 (no medium)");
}

static int apply_two(void *data)
{
	_cleanup_(devices_free) struct devices d = { 0 };
	const struct scratch *s = data;
	int r = devices_apply(&d, s->fd, &vda1);

	if (r == 0)
		r = devices_apply(&d, s->fd, &dm_0);
	/* Nothing half is left in the table: plan reads every name in it. */
	for (size_t i = 0; i < d.n; i++) {
		assert_non_null(d.items[i]->devname);
		assert_non_null(d.items[i]->devpath);
	}
	return r;
}

static void out_of_memory_is_reported(void **state)
{
	make_sysfs(*state);
	/* What cannot be read from /sys stays 0, for whatever reason. */
	assert_in_range(memory_sweep_bearing(apply_two, *state), 15, 40);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(disk_is_added),
		in_scratch(partition_has_its_parent),
		in_scratch(dm_has_a_name),
		in_scratch(changed_device_is_to_be_read_again),
		in_scratch(no_two_announcements_are_alike),
		in_scratch(tags_are_replaced),
		in_scratch(removed_device_is_gone),
		in_scratch(what_was_removed_is_missed),
		in_scratch(what_is_no_block_device_is_ignored),
		in_scratch(device_without_sysfs),
		in_scratch(name_with_a_slash),
		cmocka_unit_test(described),
		in_scratch(all_described),
		in_scratch(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
