/* SPDX-License-Identifier: MIT */
/*
 * test-mount: rows of the root's fstab, how mount(2) is called, and what is told of a mount that fails.
 * wrap: worker_call mount libmount_mount reserve_pending reserve_bring
 * wrap: log_line log_console log_errno
 */
#include "base/worker.h"
#include "init/libmount.h"
#include "init/run.h"
#include "unit/scratch.h"
#include "unit/trace.h"

static int find(const struct scratch *s, const char *text, const char *target, struct fstab_row *ret)
{
	char path[96];

	scratch_write(s, "fstab", text, strlen(text));
	snprintf(path, sizeof(path), "%s/fstab", s->path);
	return fstab_find(path, target, ret);
}

static void rows_of_usr(void **state)
{
	static const struct {
		const char *text, *source, *fstype, *options;
		int passno;
	} rows[] = {
		{ "UUID=a / ext4 defaults 0 1\nUUID=b /usr ext4 noatime,ro 0 2\n", "UUID=b", "ext4", "noatime,ro", 2 },
		{ "# comment\n\n  /dev/vda2\t/usr  xfs\tnodev\t0 0", "/dev/vda2", "xfs", "nodev", 0 },
		{ "LABEL=my\\040usr /usr auto defaults\n", "LABEL=my usr", "auto", "defaults", 0 },
		{ "LABEL=\"usr\" /usr ext4 ro\n", "LABEL=\"usr\"", "ext4", "ro", 0 }, /* spec.c knows them */
		{ "PARTLABEL=USR /usr ext4 ro 1 2\n", "PARTLABEL=USR", "ext4", "ro", 2 },
		{ "UUID=b /usr/ ext4 ro 0 2\n", "UUID=b", "ext4", "ro", 2 },
		{ "tmpfs /usr tmpfs size=1m 0 0\n", "tmpfs", "tmpfs", "size=1m", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(fstab_row_free) struct fstab_row row = { 0 };

		assert_int_equal(find(*state, rows[i].text, "/usr", &row), 0);
		assert_string_equal(row.source, rows[i].source);
		assert_string_equal(row.fstype, rows[i].fstype);
		assert_string_equal(row.options, rows[i].options);
		assert_int_equal(row.passno, rows[i].passno);
	}
}

static void no_row_of_usr(void **state)
{
	static const char *const texts[] = {
		"", "\n#UUID=b /usr ext4 defaults 0 2\n", "UUID=a / ext4 defaults 0 1\nUUID=c /usr/local ext4 ro 0 2\n",
		"UUID=a /usrx ext4 ro 0 2\n", "garbage\n", "UUID=a /us",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct fstab_row row = { .passno = 4711 };
		int r = find(*state, texts[i], "/usr", &row);

		if (r >= 0)
			fail_msg("<%s>: %d", texts[i], r);
		assert_int_equal(row.passno, 4711);
		assert_null(row.source);
	}
}

static void no_fstab(void **state)
{
	struct fstab_row row = { 0 };

	assert_int_equal(fstab_find("/nowhere/etc/fstab", "/usr", &row), -ENOENT);
}

static struct {
	int r;
	const char *record;
	bool real;   /* what it does is what is tested */
	bool packed; /* there is a reserve */
} worker;

int __wrap_worker_call(worker_fn fn, void *data, uint64_t deadline, char **ret, size_t *ret_size);
int __wrap_worker_call(worker_fn fn, void *data, uint64_t deadline, char **ret, size_t *ret_size)
{
	if (worker.real)
		return fn(-1, data);
	/* A journal takes the time it takes. */
	assert_int_equal(deadline, UINT64_MAX);
	if (worker.record)
		assert_int_equal(string_set(ret, worker.record), 0);
	return worker.r;
}

static void failure_is_told_once(void **state)
{
	static const struct {
		const char *options;
		int r;
		const char *record, *said;
	} rows[] = {
		{ "noatime", 0, NULL, "" },
		{ NULL, -ENODEV, NULL, "error: cannot mount /dev/vda1 (xfs) on /sysroot: No such device; the kernel "
				       "has no such file system, and this image no module for it\n" },
		{ NULL, -EIO, NULL, "error: cannot mount /dev/vda1 (xfs) on /sysroot: Input/output error\n" },
		{ "noatime", -EINVAL, "wrong fs type, bad option",
		  "error: cannot mount /dev/vda1 (xfs, noatime) on /sysroot: Invalid argument; wrong fs type, "
		  "bad option\n" },
		{ NULL, -EPIPE, "", "error: cannot mount /dev/vda1 (xfs) on /sysroot: Broken pipe\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct mount_request m = {
			.source = "/dev/vda1", .target = "/sysroot", .fstype = "xfs", .options = rows[i].options,
		};

		struct run run = { 0 };

		trace_reset(0, 0);
		worker.r = rows[i].r;
		worker.record = rows[i].record;
		assert_int_equal(mount_fs(&run, &m), rows[i].r);
		assert_string_equal(traced.text, rows[i].said);
	}
}

bool __wrap_reserve_pending(struct run *run);
bool __wrap_reserve_pending(struct run *run)
{
	return worker.packed;
}

void __wrap_reserve_bring(struct run *run);
void __wrap_reserve_bring(struct run *run)
{
	trace_note("bring");
	worker.packed = false;
}

int __wrap_mount(const char *source, const char *target, const char *fstype, unsigned long flags, const void *data);
int __wrap_mount(const char *source, const char *target, const char *fstype, unsigned long flags, const void *data)
{
	return trace_call("mount %s %s %s %lx %s", source, target, fstype, flags, data ? (const char *)data : "-");
}

int __wrap_libmount_mount(const struct mount_request *m, int fd);
int __wrap_libmount_mount(const struct mount_request *m, int fd)
{
	return trace_call_errno("libmount %s", m->options);
}

static void calls_of_mount(void **state)
{
	static const struct {
		const char *fstype, *options, *access;
		unsigned int fail, fail_to;
		int error, r;
		const char *trace;
	} rows[] = {
		{ "ext4", "noatime,data=ordered", "ro", 0, 0, 0, 0, "mount s t ext4 401 data=ordered\n" },
		{ "ext4", NULL, NULL, 0, 0, 0, 0, "mount s t ext4 0 -\n" },
		/* The words of the command line win. */
		{ "ext4", "ro", "rw", 0, 0, 0, 0, "mount s t ext4 0 -\n" },
		{ "ext4", "uid=joe", "ro", 0, 0, 0, 0, "libmount uid=joe\n" },
		/* A list: the first that takes it; what is wrong with the disk is not asked of the next. */
		{ "xfs,ext4", NULL, "ro", 1, 1, EINVAL, 0, "mount s t xfs 1 -\nmount s t ext4 1 -\n" },
		{ "xfs,ext4", NULL, "ro", 1, 1, ENODEV, 0, "mount s t xfs 1 -\nmount s t ext4 1 -\n" },
		{ "xfs,ext4", NULL, "ro", 1, 1, EIO, -EIO, "mount s t xfs 1 -\n" },
		/* Write-protected. */
		{ "ext4", NULL, "rw", 1, 1, EROFS, 0, "mount s t ext4 0 -\nmount s t ext4 1 -\n"
						      "warning: s can only be read: mounted ro\n" },
		{ "ext4", NULL, "rw", 1, 2, EACCES, -EACCES, "mount s t ext4 0 -\nmount s t ext4 1 -\n" },
		{ "ext4", NULL, "ro", 1, 1, EROFS, -EROFS, "mount s t ext4 1 -\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct mount_request m = { "s", "t", rows[i].fstype, rows[i].options, rows[i].access };
		struct run run = { 0 };

		trace_reset(rows[i].fail, rows[i].error);
		traced.fail_to = rows[i].fail_to;
		worker.real = true;
		assert_int_equal(mount_fs(&run, &m), rows[i].r);
		assert_memory_equal(traced.text, rows[i].trace, strlen(rows[i].trace));
		assert_int_equal(strstr(traced.text, "error: ") != NULL, rows[i].r < 0);
	}
	worker.real = false;
}

/* What fails for want of a module or a library may succeed when all is there; nothing is said before that. */
static void what_fails_is_tried_with_the_reserve(void **state)
{
	const struct mount_request m = { "s", "t", "vfat", NULL, "ro" };
	struct run run = { 0 };

	worker.real = worker.packed = true;
	trace_reset(1, EINVAL);
	assert_int_equal(mount_fs(&run, &m), 0);
	assert_string_equal(traced.text, "mount s t vfat 1 -\nbring\nmount s t vfat 1 -\n");
	worker.packed = true;
	trace_reset(0, 0);
	assert_int_equal(mount_fs(&run, &m), 0);
	assert_string_equal(traced.text, "mount s t vfat 1 -\n");
	worker.real = worker.packed = false;
}

static void mountpoints(void **state)
{
	const struct scratch *s = *state;

	assert_true(mount_is_mountpoint("/proc"));
	assert_true(mount_is_mountpoint("/"));
	assert_false(mount_is_mountpoint("/proc/self"));
	assert_false(mount_is_mountpoint(s->path));
	assert_false(mount_is_mountpoint("/nowhere"));
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(rows_of_usr),
		in_scratch(no_row_of_usr),
		cmocka_unit_test(no_fstab),
		cmocka_unit_test(failure_is_told_once),
		cmocka_unit_test(calls_of_mount),
		cmocka_unit_test(what_fails_is_tried_with_the_reserve),
		in_scratch(mountpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
