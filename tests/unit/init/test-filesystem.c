/* SPDX-License-Identifier: MIT */
/*
 * test-filesystem: wait, choose the type, check, mount, in that order, and what each failure does; the two stages
 * that are made of it.
 * wrap: await_device fsck_run mount_fs mountinfo_read mount_is_mountpoint file_mkdir_parents fstab_find
 * wrap: clock_monotonic driver_ask driver_wait loop_wait
 * wrap: log_line log_console log_errno
 */
#include "filesystem-world.h"

static void root_is_waited_for_checked_and_mounted(void **state)
{
	struct run run;

	assert_int_equal(stage(mount_root, "root=UUID=a rw rootflags=noatime", &run), 0);
	assert_string_equal(traced.text,
		"mkdir /sysroot\nwait root UUID=a\nfsck root ext4 systemd-fsck-root.service\n"
		"mount /dev/vda1 /sysroot ext4 rw,noatime\n" MOUNTED);
	assert_int_equal(run.root_dev, 0xfe01);
	assert_true(run.root_fsck.ran);
	assert_int_equal(run.profile.n, 3);
	assert_string_equal(run.profile.spans[0].name, "root/wait");
	assert_string_equal(run.profile.spans[0].device, "vda1");
	assert_string_equal(run.profile.spans[1].name, "root/fsck");
	assert_string_equal(run.profile.spans[2].name, "root/mount");
	assert_true(run.profile.spans[2].end > 0);
	assert_int_equal(world.want.since, NOW);
	assert_int_equal(world.want.deadline, NOW + 90 * USEC_PER_SEC);
	assert_int_equal(world.want.not_before, 0);
	done(&run);
}

/* Its module is loaded while fsck runs; nobody mounts before it is there. */
static void driver_comes_meanwhile(void **state)
{
	world.no_driver = true;
	assert_int_equal(stage_alone(mount_root, "root=UUID=a"), 0);
	assert_string_equal(traced.text,
		"mkdir /sysroot\nwait root UUID=a\nask for ext4\nfsck root ext4 systemd-fsck-root.service\n"
		"wait for ext4\nmount /dev/vda1 /sysroot ext4 ro,-\n" MOUNTED);
}

/* The messages that come in that time free what was known of the device. */
static void device_is_another_structure_afterwards(void **state)
{
	struct device again = world.device;

	world.renewed = &again;
	assert_int_equal(stage_alone(mount_root, "root=UUID=a"), 0);
	assert_string_equal(traced.text,
		"mkdir /sysroot\nwait root UUID=a\nfsck root ext4 systemd-fsck-root.service\n"
		"mount /dev/vda1 /sysroot ext4 ro,-\n" MOUNTED);
}

/* What came while it was checked is looked at, once; of two copies neither is mounted. */
static void copies_that_come_meanwhile(void **state)
{
	world.announced = 3;
	assert_int_equal(stage_alone(mount_root, "root=UUID=a"), 0);
	assert_int_equal(world.device.read_upto, 3);
	assert_string_equal(traced.text,
		"mkdir /sysroot\nwait root UUID=a\nfsck root ext4 systemd-fsck-root.service\nwait root UUID=a\n"
		"mount /dev/vda1 /sysroot ext4 ro,-\n" MOUNTED);
	setup(state);
	world.announced = 3;
	trace_reset(4, ENOTUNIQ);
	assert_int_equal(stage_alone(mount_root, "root=UUID=a"), -ENOTUNIQ);
	assert_null(strstr(traced.text, "mount /dev"));
}

static void how_long_it_waits(void **state)
{
	assert_int_equal(stage_alone(mount_root, "root=UUID=a rootwait rootdelay=7"), 0);
	assert_int_equal(world.want.deadline, USEC_FOREVER);
	/* Counted from when init began. */
	assert_int_equal(world.want.not_before, 8 * USEC_PER_SEC);
	assert_int_equal(stage_alone(mount_root, "root=UUID=a rd.timeout=2"), 0);
	assert_int_equal(world.want.deadline, NOW + 2 * USEC_PER_SEC);
}

/* A btrfs that lacks devices is waited for in another way where it may. */
static void degraded_when_asked(void **state)
{
	assert_int_equal(stage_alone(mount_root, "root=UUID=a rootflags=subvol=/a,degraded"), 0);
	assert_true(world.want.degraded);
	assert_int_equal(stage_alone(mount_root, "root=UUID=a rootflags=nodegraded"), 0);
	assert_false(world.want.degraded);
	assert_int_equal(stage_alone(mount_root, "root=UUID=a"), 0);
	assert_false(world.want.degraded);
}

static void type_is_chosen(void **state)
{
	static const struct {
		const char *asked, *found;
		bool ambivalent;
		const char *mounted, *said;
	} rows[] = {
		{ "", "ext4", false, "ext4", NULL },
		{ "rootfstype=ext4", "ext4", false, "ext4", NULL },
		{ "rootfstype=xfs,ext4,btrfs", "ext4", false, "ext4", NULL },
		{ "rootfstype=auto", "xfs", false, "xfs", NULL },
		/* What libblkid does not know may be named. */
		{ "rootfstype=new", NULL, false, "new", NULL },
		{ "rootfstype=a,b", NULL, false, "a,b", NULL },
		{ "", NULL, false, NULL, "no file system is known on it; rootfstype= names one" },
		/* The ext4 driver for what mkfs.ext3 made, as an old fstab or a new one says. */
		{ "rootfstype=ext4", "ext3", false, "ext4", NULL },
		{ "rootfstype=ntfs3", "ntfs", false, "ntfs3", NULL },
		{ "rootfstype=ext4", "ntfs", false, NULL, "it holds ntfs, and ext4 was asked for" },
		{ "rootfstype=xfs", "ext4", false, NULL, "it holds ext4, and xfs was asked for" },
		{ "rootfstype=xext4,ext", "ext4", false, NULL, "it holds ext4, and xext4,ext was asked for" },
		{ "rootfstype=ext4", "crypto_LUKS", false, NULL, "it holds crypto_LUKS, and ext4 was asked for" },
		{ "", "ext4", true, NULL, "it carries the signatures of several file systems; wipefs(8) shows them" },
		{ "rootfstype=ext4", "ext4", true, NULL,
		  "it carries the signatures of several file systems; wipefs(8) shows them" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char words[64], said[200];
		int r;

		setup(state);
		world.device.tags.type = T(rows[i].found);
		world.device.tags.ambivalent = rows[i].ambivalent;
		snprintf(words, sizeof(words), "root=/dev/vda1 %s", rows[i].asked);
		r = stage_alone(mount_root, words);
		assert_int_equal(r, rows[i].mounted ? 0 : -EMEDIUMTYPE);
		if (rows[i].mounted) {
			snprintf(said, sizeof(said), "mount /dev/vda1 /sysroot %s ro,-\n", rows[i].mounted);
			assert_non_null(strstr(traced.text, said));
			continue;
		}
		/* Not checked either: a repair by guess destroys as well. */
		snprintf(said, sizeof(said), "mkdir /sysroot\nwait root /dev/vda1\nerror: cannot mount vda1: %s\n",
			 rows[i].said);
		assert_string_equal(traced.text, said);
	}
}

static void each_failure_ends_the_stage(void **state)
{
	static const char *const traces[] = {
		"mkdir /sysroot\nerror: cannot make /sysroot: Input/output error\n",
		"mkdir /sysroot\nwait root UUID=a\n",
		"mkdir /sysroot\nwait root UUID=a\nfsck root ext4 systemd-fsck-root.service\n",
		("mkdir /sysroot\nwait root UUID=a\nfsck root ext4 systemd-fsck-root.service\n"
		 "mount /dev/vda1 /sysroot ext4 ro,-\n"),
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(traces); i++) {
		struct run run;

		trace_reset(i + 1, EIO);
		assert_int_equal(stage(mount_root, "root=UUID=a", &run), -EIO);
		assert_string_equal(traced.text, traces[i]);
		assert_int_equal(run.root_dev, 0);
		done(&run);
	}
}

static void no_root_is_given(void **state)
{
	assert_int_equal(stage_alone(mount_root, "systemd.gpt_auto=0"), -EDESTADDRREQ);
	assert_string_equal(traced.text, "mkdir /sysroot\n"
					 "error: no root device is given: the kernel command line lacks root= "
					 "(allowed: UUID=, LABEL=, PARTUUID=, "
					 "PARTLABEL=, /dev/NAME, /dev/disk/by-*/NAME, MAJOR:MINOR)\n");
}

static void mounted_by_hand(void **state)
{
	world.mountpoint = "/sysroot";
	assert_int_equal(stage_alone(mount_root, "root=UUID=a"), 0);
	assert_string_equal(traced.text, "mkdir /sysroot\nnotice: /sysroot is mounted already, taking it as it is\n");
}

/* A check of what is mounted would destroy it. */
static void mounted_device_is_not_checked(void **state)
{
	world.mounted = 0xfe01;
	assert_int_equal(stage_alone(mount_root, "root=UUID=a"), 0);
	assert_null(strstr(traced.text, "fsck"));
	assert_non_null(strstr(traced.text, "mount /dev/vda1"));
}

static void disk_that_can_only_be_read(void **state)
{
	world.device.read_only = true;
	assert_int_equal(stage_alone(mount_root, "root=UUID=a rw"), 0);
	assert_non_null(strstr(traced.text,
		"warning: /dev/vda1 can only be read: mounting it ro although rw was asked for\n"
		"mount /dev/vda1 /sysroot ext4 ro,-\n"));
	trace_reset(0, 0);
	assert_int_equal(stage_alone(mount_root, "root=UUID=a ro"), 0);
	assert_null(strstr(traced.text, "warning"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(root_is_waited_for_checked_and_mounted, setup),
		cmocka_unit_test_setup(driver_comes_meanwhile, setup),
		cmocka_unit_test_setup(device_is_another_structure_afterwards, setup),
		cmocka_unit_test_setup(copies_that_come_meanwhile, setup),
		cmocka_unit_test_setup(how_long_it_waits, setup),
		cmocka_unit_test_setup(degraded_when_asked, setup),
		cmocka_unit_test_setup(type_is_chosen, setup),
		cmocka_unit_test_setup(each_failure_ends_the_stage, setup),
		cmocka_unit_test_setup(no_root_is_given, setup),
		cmocka_unit_test_setup(mounted_by_hand, setup),
		cmocka_unit_test_setup(mounted_device_is_not_checked, setup),
		cmocka_unit_test_setup(disk_that_can_only_be_read, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
