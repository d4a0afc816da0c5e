/* SPDX-License-Identifier: MIT */
/*
 * test-usr: /usr from the command line or the root's fstab, and the name of its check.
 * wrap: await_device fsck_run mount_fs mountinfo_read mount_is_mountpoint file_mkdir_parents fstab_find
 * wrap: clock_monotonic driver_ask driver_wait loop_wait
 * wrap: log_line log_console log_errno
 */
#include "filesystem-world.h"

static void no_usr_of_its_own(void **state)
{
	assert_int_equal(stage_alone(mount_usr, "root=UUID=a"), 0);
	assert_string_equal(traced.text, "");
	world.fstab_error = -EIO;
	assert_int_equal(stage_alone(mount_usr, "root=UUID=a"), 0);
	assert_string_equal(traced.text, "warning: cannot read the root's /etc/fstab: Input/output error, ignoring\n");
	trace_reset(0, 0);
	world.mountpoint = "/sysroot/usr";
	assert_int_equal(stage_alone(mount_usr, "mount.usr=UUID=u"), 0);
	assert_string_equal(traced.text, "");
}

static void usr_of_the_command_line(void **state)
{
	struct run run;

	world.fstab_error = 0; /* it is not asked */
	assert_int_equal(stage(mount_usr, "rw mount.usr=/dev/vdb1 mount.usrfstype=ext4 mount.usrflags=nodev", &run), 0);
	assert_string_equal(traced.text,
		"wait usr /dev/vdb1\nfsck usr ext4 systemd-fsck@dev-vdb1.service\n"
		"mount /dev/vda1 /sysroot/usr ext4 rw,nodev\ninfo: mounted /dev/vda1 (ext4) on /sysroot/usr\n");
	assert_true(run.usr_fsck.ran);
	assert_false(run.root_fsck.ran);
	assert_int_equal(run.root_dev, 0);
	assert_string_equal(run.profile.spans[0].name, "usr/wait");
	done(&run);
}

static void usr_of_the_fstab(void **state)
{
	static const struct {
		struct fstab_row row;
		const char *trace;
	} rows[] = {
		{ { T("UUID=u"), T("ext4"), T("defaults,ro"), 2 },
		  "wait usr UUID=u\nfsck usr ext4 systemd-fsck@dev-disk-by\\x2duuid-u.service\n"
		  "mount /dev/vda1 /sysroot/usr ext4 -,defaults,ro\ninfo: mounted /dev/vda1 (ext4) on /sysroot/usr\n" },
		{ { T("/dev/vg/usr"), T("auto"), T("defaults"), 0 },
		  "wait usr /dev/vg/usr\nmount /dev/vda1 /sysroot/usr ext4 -,defaults\n"
		  "info: mounted /dev/vda1 (ext4) on /sysroot/usr\n" },
		{ { T("UUID=u"), T("ext4"), T("noauto"), 2 }, "" },
		{ { T("host:/usr"), T("nfs"), T("defaults"), 0 },
		  "warning: /usr in the root's /etc/fstab is on host:/usr, which is no block device, ignoring\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(state);
		world.fstab_error = 0;
		world.row = rows[i].row;
		assert_int_equal(stage_alone(mount_usr, "root=UUID=a rw"), 0);
		assert_string_equal(traced.text, rows[i].trace);
	}
}

/* The name under which systemd itself would check what fstab names (udev's spelling of the tag, then escaped). */
static void names_of_systemds_checks(void **state)
{
	static const struct {
		const char *source, *unit;
	} rows[] = {
		{ "UUID=0a-1b", "systemd-fsck@dev-disk-by\\x2duuid-0a\\x2d1b.service" },
		{ "LABEL=usr", "systemd-fsck@dev-disk-by\\x2dlabel-usr.service" },
		{ "LABEL=my usr", "systemd-fsck@dev-disk-by\\x2dlabel-my\\x5cx20usr.service" },
		{ "LABEL=a/b", "systemd-fsck@dev-disk-by\\x2dlabel-a\\x5cx2fb.service" },
		{ "LABEL=v\xc3\xb6", "systemd-fsck@dev-disk-by\\x2dlabel-v\\xc3\\xb6.service" },
		{ "PARTUUID=ab-02", "systemd-fsck@dev-disk-by\\x2dpartuuid-ab\\x2d02.service" },
		{ "PARTLABEL=USR+1", "systemd-fsck@dev-disk-by\\x2dpartlabel-USR\\x2b1.service" },
		{ "/dev/vdb1", "systemd-fsck@dev-vdb1.service" },
		{ "/dev/mapper/vg-usr", "systemd-fsck@dev-mapper-vg\\x2dusr.service" },
		{ "/dev/disk/by-label/my\\x20usr", "systemd-fsck@dev-disk-by\\x2dlabel-my\\x5cx20usr.service" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char want[200];

		setup(state);
		world.fstab_error = 0;
		world.row = (struct fstab_row){ T(rows[i].source), T("ext4"), T("ro"), 2 };
		assert_int_equal(stage_alone(mount_usr, "root=UUID=a"), 0);
		snprintf(want, sizeof(want), "fsck usr ext4 %s\n", rows[i].unit);
		if (!strstr(traced.text, want))
			fail_msg("%s: %s", rows[i].source, traced.text);
	}
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_usr_of_its_own, setup),
		cmocka_unit_test_setup(usr_of_the_command_line, setup),
		cmocka_unit_test_setup(usr_of_the_fstab, setup),
		cmocka_unit_test_setup(names_of_systemds_checks, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
