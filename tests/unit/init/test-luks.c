/* SPDX-License-Identifier: MIT */
/*
 * test-luks: what cryptsetup is told, and where the key and the header are read: in the image, on a device that is
 * mounted for the worker alone, or on a device itself.
 * wrap: tool_run unshare mount umount2 access file_mkdir_parents
 * wrap: log_line log_console log_errno
 */
#include <sched.h>
#include <sys/mount.h>

#include "base/file.h"
#include "base/strv.h"
#include "init/act.h"
#include "init/run.h"
#include "init/tool.h"
#include "unit/trace.h"

#define T(s) ((char *)(s))

static struct {
	int code;           /* cryptsetup's */
	const char *broken; /* a device that cannot be mounted */
	const char *bare;   /* the file that is not on the first device */
} world;

int __wrap_tool_run(const struct tool *tool, int fd);
int __wrap_tool_run(const struct tool *tool, int fd)
{
	_cleanup_free_ char *line = strv_join((char *const *)tool->argv, " ");

	trace_note("%s <%.*s>", line, (int)tool->input_size, tool->input ? (const char *)tool->input : "");
	return world.code;
}

int __wrap_unshare(int flags);
int __wrap_unshare(int flags)
{
	assert_int_equal(flags, CLONE_NEWNS);
	return trace_call("unshare");
}

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
	if (!source) {
		assert_int_equal(flags, MS_REC | MS_PRIVATE);
		return trace_call("private %s", target);
	}
	assert_int_equal(flags, MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC);
	if (!streq_null(source, world.broken))
		return trace_call("mount %s %s %s", source, target, type);
	errno = EINVAL;
	return -1;
}

int __wrap_umount2(const char *target, int flags);
int __wrap_umount2(const char *target, int flags)
{
	return trace_call("umount %s", target);
}

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	if (!world.bare || !endswith(path, world.bare))
		return 0;
	errno = ENOENT;
	world.bare = NULL;
	return -1;
}

int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode);
int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode)
{
	assert_int_equal(mode, 0700);
	return 0;
}

static int setup(void **state)
{
	memset(&world, 0, sizeof(world));
	trace_reset(0, 0);
	return 0;
}

#define FS(n, l) { .name = T(n), .devname = T(n), .probe = PROBE_DONE, .tags = { .type = T("ext4"), \
	.usage = T("filesystem"), .label = T(l) } }

static int opened(const struct act_row *row, struct volume *volume)
{
	struct device list[] = { FS("sda1", "other"), FS("sdb1", "stick"), FS("sdc1", "stick") };
	struct device *items[] = { &list[0], &list[1], &list[2] };
	struct run run = { .devices = { .items = items, .n = ARRAY_SIZE(items) }, .loop = LOOP_CLOSED };
	struct act act = {
		.row = row, .run = &run, .volume = volume, .path = "/dev/vda2", .name = "vda2", .uuid = "u",
	};
	int r;

	assert_int_equal(secrets_open(&run.secrets), 0);
	*secrets_at(run.secrets, 0) = (struct secret){ 6, "secret" };
	r = row->run(-1, &act);
	secrets_close(&run.secrets);
	return r;
}

#define OPEN "cryptsetup open --type luks --batch-mode --tries 1 --key-file "
#define ON_STICK(p) { .path = T(p), .device = { .kind = SPEC_LABEL, .value = T("stick") } }

static void what_cryptsetup_is_told(void **state)
{
	char *options[] = { T("discard"), T("header=/x"), T("key-slot=1"), NULL };
	const struct {
		const struct act_row *row;
		struct volume volume;
		const char *told;
	} rows[] = {
		{ &luks_unlock, { .tries = 0 }, OPEN "- /dev/vda2 luks-u <secret>\n" },
		{ &luks_unlock, { .name = T("root"), .options = options },
		  OPEN "- --allow-discards --key-slot 1 /dev/vda2 root <secret>\n" },
		{ &luks_key, { .key.path = T("/k") }, OPEN "/k /dev/vda2 luks-u <>\n" },
		{ &luks_key, { .key.device = { .kind = SPEC_NAME, .value = T("sda1") } },
		  OPEN "/dev/sda1 /dev/vda2 luks-u <>\n" },
		{ &luks_unlock, { .uuid = T("v"), .header.path = T("/h") },
		  OPEN "- --header /h /dev/vda2 luks-v <secret>\n" },
		{ &luks_unlock, { .header.device = { .kind = SPEC_NAME, .value = T("sda1") } },
		  OPEN "- --header /dev/sda1 /dev/vda2 luks-u <secret>\n" },
		{ &luks_key, { .key = ON_STICK("/d/k") },
		  "unshare\nprivate /\nmount /dev/sdb1 /run/slipway/key ext4\n"
		  OPEN "/run/slipway/key/d/k /dev/vda2 luks-u <>\n" },
		{ &luks_key, { .key = ON_STICK("/k"), .header = ON_STICK("/h") },
		  "unshare\nprivate /\nmount /dev/sdb1 /run/slipway/key ext4\n"
		  "unshare\nprivate /\nmount /dev/sdb1 /run/slipway/header ext4\n"
		  OPEN "/run/slipway/key/k --header /run/slipway/header/h /dev/vda2 luks-u <>\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct volume volume = rows[i].volume;

		(void)setup(NULL);
		assert_int_equal(opened(rows[i].row, &volume), 0);
		assert_string_equal(traced.text, rows[i].told);
	}
}

/* Two sticks of one name: one that cannot be mounted, or does not have it, is passed over. */
static void the_other_stick(void **state)
{
	struct volume volume = { .key = ON_STICK("/k") };

	world.broken = "/dev/sdb1";
	assert_int_equal(opened(&luks_key, &volume), 0);
	assert_non_null(strstr(traced.text, "mount /dev/sdc1 /run/slipway/key ext4\n" OPEN));

	(void)setup(NULL);
	world.bare = "/k";
	assert_int_equal(opened(&luks_key, &volume), 0);
	assert_string_equal(traced.text,
			    "unshare\nprivate /\nmount /dev/sdb1 /run/slipway/key ext4\numount /run/slipway/key\n"
			    "unshare\nprivate /\nmount /dev/sdc1 /run/slipway/key ext4\n"
			    OPEN "/run/slipway/key/k /dev/vda2 luks-u <>\n");
}

static void no_stick(void **state)
{
	struct volume volume = { .key = { .path = T("/k"), .device = { .kind = SPEC_LABEL, .value = T("gone") } } };

	assert_int_equal(opened(&luks_key, &volume), -ENODEV);
	assert_string_equal(traced.text, "");
	volume = (struct volume){ .header = volume.key };
	assert_int_equal(opened(&luks_unlock, &volume), -ENODEV);
	assert_string_equal(traced.text, "");
}

static void exit_codes(void **state)
{
	struct volume volume = { 0 };

	world.code = 2;
	assert_int_equal(opened(&luks_unlock, &volume), -EPERM);
	world.code = 4;
	assert_int_equal(opened(&luks_unlock, &volume), -EIO);
	world.code = -ENOENT;
	assert_int_equal(opened(&luks_unlock, &volume), -ENOENT);
}

/* Nothing is mounted where it would stay. */
static void no_namespace(void **state)
{
	struct volume volume = { .key = ON_STICK("/k") };

	for (unsigned int i = 1; i <= 2; i++) {
		trace_reset(i, EPERM);
		traced.fail_to = 99;
		assert_int_equal(opened(&luks_key, &volume), -EPERM);
		assert_null(strstr(traced.text, "mount /dev"));
		assert_null(strstr(traced.text, "cryptsetup"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_cryptsetup_is_told, setup),
		cmocka_unit_test_setup(the_other_stick, setup),
		cmocka_unit_test_setup(no_stick, setup),
		cmocka_unit_test_setup(exit_codes, setup),
		cmocka_unit_test_setup(no_namespace, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
