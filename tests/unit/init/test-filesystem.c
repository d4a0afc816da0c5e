/* SPDX-License-Identifier: MIT */
/*
 * test-filesystem: wait, choose the type, check, mount, in that order, and what each failure does; the two stages
 * that are made of it.
 * wrap: await_device fsck_run mount_fs mountinfo_read mount_is_mountpoint file_mkdir_parents fstab_find
 * wrap: clock_monotonic
 * wrap: log_line log_console log_errno
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/macro.h"
#include "base/mountinfo.h"
#include "init/filesystem.h"
#include "init/stages.h"
#include "unit/trace.h"

#define T(s) ((char *)(s))
#define NOW  (5 * USEC_PER_SEC)

/* What is found and what is mounted already. */
static struct {
	struct device device;
	struct want want;
	dev_t mounted;          /* that device is mounted somewhere */
	const char *mountpoint; /* that directory is one */
	struct fstab_row row;   /* of /usr in the root's fstab */
	int fstab_error;
} world;

uint64_t __wrap_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void)
{
	return NOW;
}

int __wrap_await_device(struct run *run, const struct want *want, const struct device **ret);
int __wrap_await_device(struct run *run, const struct want *want, const struct device **ret)
{
	int r = trace_call_errno("wait %s %s", want->what, want->spec->text);

	world.want = *want;
	/* Told anew in each wait. */
	assert_false(attempts_get(&run->attempts, want->what, ACTION_REPORT)->done);
	if (r == 0)
		*ret = &world.device;
	return r;
}

int __wrap_fsck_run(struct run *run, const struct fsck_request *q, struct fsck_result *ret);
int __wrap_fsck_run(struct run *run, const struct fsck_request *q, struct fsck_result *ret)
{
	assert_ptr_equal(q->device, &world.device);
	ret->ran = true;
	return trace_call_errno("fsck %s %s %s", q->what, q->fstype, q->unit);
}

int __wrap_mount_fs(const struct mount_request *m);
int __wrap_mount_fs(const struct mount_request *m)
{
	return trace_call_errno("mount %s %s %s %s,%s", m->source, m->target, m->fstype, m->access ? m->access : "-",
				m->options ? m->options : "-");
}

int __wrap_mountinfo_read(const char *procdir, struct mountinfo *ret);
int __wrap_mountinfo_read(const char *procdir, struct mountinfo *ret)
{
	ret->items = calloc(1, sizeof(*ret->items));
	ret->n = 1;
	ret->items[0].dev = world.mounted;
	return 0;
}

bool __wrap_mount_is_mountpoint(const char *path);
bool __wrap_mount_is_mountpoint(const char *path)
{
	return streq_null(path, world.mountpoint);
}

int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode);
int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode)
{
	return trace_call_errno("mkdir %s", path);
}

int __wrap_fstab_find(const char *path, const char *target, struct fstab_row *ret);
int __wrap_fstab_find(const char *path, const char *target, struct fstab_row *ret)
{
	assert_string_equal(path, "/sysroot/etc/fstab");
	assert_string_equal(target, "/usr");
	if (world.fstab_error)
		return world.fstab_error;
	assert_int_equal(string_set(&ret->source, world.row.source), 0);
	assert_int_equal(string_set(&ret->fstype, world.row.fstype), 0);
	assert_int_equal(string_set(&ret->options, world.row.options), 0);
	ret->passno = world.row.passno;
	return 0;
}

static int setup(void **state)
{
	memset(&world, 0, sizeof(world));
	world.device = (struct device){
		.name = T("vda1"), .devname = T("vda1"), .devno = 0xfe01, .tags.type = T("ext4"),
	};
	world.fstab_error = -ENOENT;
	trace_reset(0, 0);
	return 0;
}

/* The stage with these words on the command line. */
static int stage(int (*fn)(struct run *run), const char *words, struct run *run)
{
	*run = (struct run){ .monotonic = USEC_PER_SEC, .loop = LOOP_CLOSED };
	assert_int_equal(boot_parse(&(struct boot_text){ .kernel = words }, &run->boot), 0);
	assert_int_equal(attempts_done(&run->attempts, "root", ACTION_REPORT, 1), 0);
	return fn(run);
}

static void done(struct run *run)
{
	boot_free(&run->boot);
	attempts_free(&run->attempts);
	profile_free(&run->profile);
}

static int stage_alone(int (*fn)(struct run *run), const char *words)
{
	struct run run;
	int r = stage(fn, words, &run);

	done(&run);
	return r;
}

#define MOUNTED "info: mounted /dev/vda1 (ext4) on /sysroot\n"

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
	assert_int_equal(stage_alone(mount_root, "quiet"), -EDESTADDRREQ);
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
		cmocka_unit_test_setup(root_is_waited_for_checked_and_mounted, setup),
		cmocka_unit_test_setup(how_long_it_waits, setup),
		cmocka_unit_test_setup(degraded_when_asked, setup),
		cmocka_unit_test_setup(type_is_chosen, setup),
		cmocka_unit_test_setup(each_failure_ends_the_stage, setup),
		cmocka_unit_test_setup(no_root_is_given, setup),
		cmocka_unit_test_setup(mounted_by_hand, setup),
		cmocka_unit_test_setup(mounted_device_is_not_checked, setup),
		cmocka_unit_test_setup(disk_that_can_only_be_read, setup),
		cmocka_unit_test_setup(no_usr_of_its_own, setup),
		cmocka_unit_test_setup(usr_of_the_command_line, setup),
		cmocka_unit_test_setup(usr_of_the_fstab, setup),
		cmocka_unit_test_setup(names_of_systemds_checks, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
