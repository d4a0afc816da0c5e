/* SPDX-License-Identifier: MIT */
/* test-origin: which block device is meant, and why it cannot be told. */
#include <errno.h>

#include "unit/image/recorded-machine.h"

static void make_q35(const struct scratch *s, const char *mounts)
{
	_cleanup_free_ char *sys = recorded_text("q35.sysfs");

	recorded_sys(s, sys);
	recorded_proc(s, "proc/self/mountinfo", mounts);
}

static void dev_link(const struct scratch *s, const char *path, const char *target)
{
	recorded_parents(s, path);
	root_link(s, path, target);
}

/* The names of --root-device; the device that it is below all others. */
static void names_of_the_root(void **state)
{
	static const struct {
		const char *name, *top; /* NULL: there is no such */
	} rows[] = {
		{ "/dev/sdg1", "sdg1" },
		{ "/dev/vda", "vda" },
		{ "8:97", "sdg1" },
		{ "/dev/mapper/secret", "dm-1" },
		{ "/dev/vg/lv", "dm-0" },
		{ "/dev/disk/by-uuid/6a5b3529-1362-429e-8eed-810a828b42a0", "dm-1" },
		{ "UUID=6a5b3529-1362-429e-8eed-810a828b42a0", "dm-1" },
		{ "UUID=6A5B3529-1362-429E-8EED-810A828B42A0", "dm-1" },
		{ "UUID=8DF2-03C6", "nvme1n1" },
		{ "PARTUUID=0F5FA477-170F-1947-BE1F-54551BC1FBDC", "sdg1" },
		{ "LABEL=my root", "vda" },
		{ "LABEL=My root", NULL },
		{ "PARTLABEL=a/b", "sdg2" },
		{ "UUID=none", NULL },
		{ "/dev/sdz", NULL },
		{ "/dev/mapper/none", NULL },
		{ "8:200", NULL },
		{ "sda1", NULL },
		{ "", NULL },
	};
	struct scratch *s = *state;

	make_q35(s, "");
	dev_link(s, "dev/vg/lv", "../dm-0");
	dev_link(s, "dev/disk/by-uuid/6a5b3529-1362-429e-8eed-810a828b42a0", "../../dm-1");
	dev_link(s, "dev/disk/by-uuid/8DF2-03C6", "../../nvme1n1");
	dev_link(s, "dev/disk/by-partuuid/0f5fa477-170f-1947-be1f-54551bc1fbdc", "../../sdg1");
	dev_link(s, "dev/disk/by-label/my\\x20root", "../../vda");
	dev_link(s, "dev/disk/by-partlabel/a\\x2fb", "../../sdg2");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_target_ struct target t = { 0 };
		_cleanup_free_ char *why = NULL;
		int r = recorded_read(s, (struct target_source){ .root_device = rows[i].name }, &t, &why);

		assert_int_equal(r, rows[i].top ? 0 : -ENODEV);
		if (!rows[i].top) {
			assert_non_null(strstr(why, rows[i].name));
			continue;
		}
		assert_string_equal(t.layers[t.n_layers - 1].name, rows[i].top);
		assert_string_equal(t.filesystems[0].source, rows[i].name);
		assert_null(t.filesystems[0].fstype);
	}
}

#define ROOT_LINE "27 1 254:0 / / rw - ext4 /dev/vda rw\n"

static void reasons_why_not(void **state)
{
	static const struct {
		const char *mounts, *why;
		int r;
	} rows[] = {
		{ "27 1 0:30 / / rw - overlay overlay rw\n",
		  "/ is overlay (a container or a live system), which is on no block device", -ENOTBLK },
		{ "27 1 0:30 / / rw - nfs4 server:/root rw\n",
		  "/ is nfs4 (server:/root), which is on no block device", -ENOTBLK },
		{ "27 1 0:30 / / rw - zfs rpool/ROOT rw\n", "/ is zfs (rpool/ROOT), which is on no block device",
		  -ENOTBLK },
		{ "27 1 254:0 /var/lib/machines/a / rw - ext4 /dev/vda rw\n",
		  "/ is the directory /var/lib/machines/a of a file system: a container or a chroot", -ENOTBLK },
		{ "28 27 0:5 / /dev rw - devtmpfs dev rw\n",
		  "no / is in /proc/self/mountinfo: a chroot into a directory", -ENODEV },
		{ "27 1 99:0 / / rw - ext4 /dev/vdz rw\n", "no block device 99:0 is in /sys", -ENODEV },
		{ "27 1 43:0 / / rw - ext4 /dev/nbd0 rw\n", "/dev/nbd0 stands on no disk that /sys shows", -ENOTBLK },
		/* Its file lies on a file system that a chroot does not show: / itself is all that there is. */
		{ "27 1 7:0 / / rw - ext4 /dev/loop0 rw\n", "/dev/loop0 stands on no disk that /sys shows", -ENOTBLK },
		{ "27 1 0:27 / / rw - btrfs /dev/none rw\n", "no block device /dev/none is in /sys", -ENODEV },
		{ "27 1 0:27 / / rw - btrfs /dev/root rw\n", NULL, 0 },
		{ "27 1 254:0 /ostree/deploy/f/deploy/1.0 / rw - ext4 /dev/vda rw\n", NULL, 0 },
		{ "27 1 0:27 /@ / rw - btrfs /dev/nvme2n1 rw\n", NULL, 0 },
		{ "27 1 0:50 / / rw - bcachefs /dev/sda:/dev/sdf rw\n", NULL, 0 },
	};
	struct scratch *s = *state;

	make_q35(s, "");
	recorded_proc(s, "sys/devices/virtual/block/nbd0/dev", "43:0\n");
	root_link(s, "sys/dev/block/43:0", "../../devices/virtual/block/nbd0");
	assert_int_equal(faccessat(s->fd, "sys/dev/block/43:0/dev", F_OK, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_target_ struct target t = { 0 };
		_cleanup_free_ char *why = NULL;

		recorded_proc(s, "proc/self/mountinfo", rows[i].mounts);
		assert_int_equal(recorded_read(s, (struct target_source){ 0 }, &t, &why), rows[i].r);
		assert_true(streq_null(why, rows[i].why));
	}
}

static void several_devices_of_one_file_system(void **state)
{
	struct scratch *s = *state;
	_cleanup_target_ struct target t = { 0 };
	_cleanup_free_ char *why = NULL;

	make_q35(s, "27 1 0:50 / / rw - bcachefs /dev/sda:/dev/sdf rw\n");
	assert_int_equal(recorded_read(s, (struct target_source){ 0 }, &t, &why), 0);
	assert_int_equal(t.n_layers, 2);
	assert_string_equal(t.layers[0].name, "sda");
	assert_string_equal(t.layers[1].name, "sdf");
}

/* A tree that is mounted where it will be the root from. */
static void tree_that_is_mounted(void **state)
{
	struct scratch *s = *state;
	_cleanup_target_ struct target t = { 0 };
	_cleanup_free_ char *why = NULL;

	make_q35(s, "27 1 254:0 / / rw - ext4 /dev/vda rw\n30 27 8:80 / /mnt rw - xfs /dev/sdf rw\n"
		    "31 30 8:97 / /mnt/usr rw - ext4 /dev/sdg1 rw\n");
	assert_int_equal(recorded_read(s, (struct target_source){ .mountpoint = "/mnt" }, &t, &why), 0);
	assert_string_equal(target_find_fs(&t, USE_ROOT)->fstype, "xfs");
	assert_string_equal(target_find_fs(&t, USE_USR)->source, "/dev/sdg1");
	assert_null(target_find_fs(&t, USE_SWAP));
}

static void tree_whose_fstab_says(void **state)
{
	static const char fstab[] = "# <file system>\nUUID=\"1-2\" / auto rw 0 1\n/dev/sdg1 /usr ext4 rw 0 2\n";
	struct scratch *s = *state;
	_cleanup_target_ struct target t = { 0 };
	_cleanup_free_ char *why = NULL;

	/* Of the type that fstab leaves open the kernel knows, since it is mounted somewhere. */
	make_q35(s, ROOT_LINE "30 27 8:80 / /elsewhere rw - xfs /dev/sdf rw\n");
	dev_link(s, "dev/disk/by-uuid/1-2", "../../sdf");
	assert_int_equal(
		recorded_read(s, (struct target_source){ .mountpoint = "/tree", .fstab = fstab }, &t, &why), 0);
	assert_string_equal(target_find_fs(&t, USE_ROOT)->fstype, "xfs");
	assert_string_equal(target_find_fs(&t, USE_ROOT)->source, "UUID=1-2");
	assert_string_equal(target_find_fs(&t, USE_USR)->fstype, "ext4");
}

/* What is named counts more than what is mounted; its type is fstab's. */
static void tree_whose_root_is_named(void **state)
{
	struct scratch *s = *state;
	_cleanup_target_ struct target t = { 0 };
	_cleanup_free_ char *why = NULL;

	make_q35(s, ROOT_LINE);
	assert_int_equal(recorded_read(s,
				       (struct target_source){ .root_device = "/dev/sdf",
							       .fstab = "UUID=5 / f2fs rw 0 1\n" },
				       &t, &why),
			 0);
	assert_string_equal(t.filesystems[0].fstype, "f2fs");
	assert_string_equal(t.layers[0].name, "sdf");
}

/* An image in the making, or a tree that no device is known of. */
static void trees_of_other_machines(void **state)
{
	static const struct {
		const char *mounts, *fstab, *why;
	} rows[] = {
		{ ROOT_LINE "30 27 7:0 / /mnt rw - ext4 /dev/loop0 rw\n31 27 8:97 / /m/usb rw - ext4 /dev/sdg1 rw\n",
		  NULL,
		  "/dev/loop0 at /mnt is in a file: the image of another machine" },
		{ ROOT_LINE, NULL, "nothing is mounted at /mnt, and its /etc/fstab names no root" },
		{ ROOT_LINE, "UUID=7 / ext4 rw\n", "no block device UUID=7 is in /sys and /dev/disk" },
	};
	struct scratch *s = *state;

	make_q35(s, "");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_target_ struct target t = { 0 };
		_cleanup_free_ char *why = NULL;

		recorded_proc(s, "proc/self/mountinfo", rows[i].mounts);
		assert_true(recorded_read(s, (struct target_source){ .mountpoint = "/mnt", .fstab = rows[i].fstab }, &t,
					  &why) < 0);
		assert_string_equal(why, rows[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_of_the_root, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(reasons_why_not, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(several_devices_of_one_file_system, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(tree_that_is_mounted, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(tree_whose_fstab_says, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(tree_whose_root_is_named, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(trees_of_other_machines, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
