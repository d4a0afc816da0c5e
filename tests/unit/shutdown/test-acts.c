/* SPDX-License-Identifier: MIT */
/*
 * test-acts: what each layer asks of the kernel, call by call, and what it makes of the answers.
 * wrap: umount2 mount syncfs swapoff ioctl fsync syscall openat
 */
#include <errno.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <linux/raid/md_u.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "unit/scratch.h"
#include "unit/shutdown/graph.h"

static char trace[2048];

/* Calls of these names fail with these errors. */
static struct {
	const char *call;
	int error;
} faults[2];

static bool exclusive; /* was the last device opened so? */

static struct dm_ioctl dm_seen;
static struct loop_info64 loop_seen;
static int loop_status; /* what LOOP_GET_STATUS64 answers */

static int answer(const char *call, const char *argument)
{
	(void)snprintf(trace + strlen(trace), sizeof(trace) - strlen(trace), "%s%s%s%s", *trace ? "; " : "", call,
		       *argument ? " " : "", argument);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (faults[i].call && streq(faults[i].call, call)) {
			errno = faults[i].error;
			return -1;
		}
	return 0;
}

int __real_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	exclusive = flags & O_EXCL;
	return __real_openat(dirfd, path, flags, mode);
}

int __wrap_umount2(const char *target, int flags);
int __wrap_umount2(const char *target, int flags)
{
	assert_true(flags & UMOUNT_NOFOLLOW);
	return answer(flags & MNT_FORCE ? "force" : flags & MNT_DETACH ? "detach" : "umount", target);
}

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
	/* Not MS_BIND: that would make only this mount read-only. */
	assert_int_equal(flags, MS_REMOUNT | MS_RDONLY);
	return answer("readonly", target);
}

int __wrap_syncfs(int fd);
int __wrap_syncfs(int fd)
{
	return answer("syncfs", "");
}

int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	return answer("fsync", "");
}

int __wrap_swapoff(const char *path);
int __wrap_swapoff(const char *path)
{
	return answer("swapoff", path);
}

long __wrap_syscall(long nr, int from, const char *path, int to, const char *place, unsigned int flags);
long __wrap_syscall(long nr, int from, const char *path, int to, const char *place, unsigned int flags)
{
	assert_int_equal(nr, SYS_move_mount);
	return answer("move", place);
}

int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	if (request == FIFREEZE || request == FITHAW)
		return answer(request == FIFREEZE ? "freeze" : "thaw", "");
	if (request == LOOP_CLR_FD)
		return answer("clear", "");
	if (request == LOOP_GET_STATUS64) {
		(void)answer("status", "");
		errno = loop_status;
		return loop_status ? -1 : 0;
	}
	if (request == LOOP_SET_STATUS64) {
		loop_seen = *(struct loop_info64 *)argument;
		return answer("set", "");
	}
	if (request == STOP_ARRAY)
		return answer("stop", "");
	dm_seen = *(struct dm_ioctl *)argument;
	assert_int_equal(dm_seen.version[0], DM_VERSION_MAJOR);
	assert_int_equal(dm_seen.data_size, sizeof(dm_seen));
	return answer(request == DM_DEV_REMOVE ? "remove" : request == DM_DEV_SUSPEND ? "suspend" : "?", "");
}

static void assert_act(int r, int expected, const char *calls)
{
	assert_string_equal(trace, calls);
	assert_int_equal(r, expected);
	trace[0] = '\0';
	memset(faults, 0, sizeof(faults));
}

static void fail_next(const char *call, int error)
{
	size_t i = faults[0].call ? 1 : 0;

	faults[i].call = call;
	faults[i].error = error;
}

static struct node mount_of(const struct scratch *s, const char *name)
{
	struct node n = { .kind = NODE_MOUNT, .super = copy_of("rw"), .label = copy_of("ext4"), .id = 42 };

	assert_true(asprintf(&n.name, "%s/%s", s->path, name) > 0);
	return n;
}

static void unmounting_syncs_first(void **state)
{
	const struct scratch *s = *state;
	struct node n = mount_of(s, "");
	char expected[128];

	(void)snprintf(expected, sizeof(expected), "syncfs; fsync; umount %s/", s->path);
	assert_act(mount_unmount(s->fd, &n), 0, expected);
	/* Lost writes are told once by the kernel, so they count for more than EBUSY. */
	fail_next("umount", EBUSY);
	assert_act(mount_unmount(s->fd, &n), -EBUSY, expected);
	fail_next("fsync", EINVAL);
	assert_act(mount_unmount(s->fd, &n), 0, expected);
	/* Its disk is gone: the kernel shut it down, and syncfs has nothing to say. */
	fail_next("fsync", EIO);
	assert_act(mount_unmount(s->fd, &n), -EIO, expected);
	/* An aborted journal makes it read-only. */
	string_set(&n.super, "ro");
	fail_next("fsync", EROFS);
	assert_act(mount_unmount(s->fd, &n), -EIO, expected);
	(void)snprintf(expected, sizeof(expected), "syncfs; umount %s/", s->path);
	fail_next("syncfs", ENOSPC);
	assert_act(mount_unmount(s->fd, &n), -EIO, expected);
	fail_next("syncfs", EIO);
	fail_next("umount", EBUSY);
	assert_act(mount_unmount(s->fd, &n), -EIO, expected);
	/* Read-only, nothing is to be written. */
	string_set(&n.label, "btrfs");
	assert_act(mount_unmount(s->fd, &n), 0, expected + strlen("syncfs; "));
	node_free(&n);
}

/* A mount over a device node, a fifo, a link: nothing that opening could do something to. */
static void only_files_and_directories_are_opened(void **state)
{
	const struct scratch *s = *state;
	struct node n = mount_of(s, "fifo");
	char expected[128];

	assert_int_equal(mkfifoat(s->fd, "fifo", 0600), 0);
	(void)snprintf(expected, sizeof(expected), "umount %s/fifo", s->path);
	assert_act(mount_unmount(s->fd, &n), 0, expected);
	node_free(&n);
	n = mount_of(s, "link");
	assert_int_equal(symlinkat("/", s->fd, "link"), 0);
	(void)snprintf(expected, sizeof(expected), "umount %s/link", s->path);
	assert_act(mount_unmount(s->fd, &n), 0, expected);
	node_free(&n);
}

static void other_ways_with_a_mount(void **state)
{
	const struct scratch *s = *state;
	struct node n = mount_of(s, "");
	char expected[128];

	(void)snprintf(expected, sizeof(expected), "detach %s/", s->path);
	assert_act(mount_detach(s->fd, &n), 0, expected);
	/* No syncfs: it would wait for the server. */
	(void)snprintf(expected, sizeof(expected), "force %s/", s->path);
	assert_act(mount_force(s->fd, &n), 0, expected);
	(void)snprintf(expected, sizeof(expected), "readonly %s/", s->path);
	fail_next("readonly", EBUSY);
	assert_act(mount_readonly(s->fd, &n), -EBUSY, expected);
	assert_act(mount_freeze(s->fd, &n), 0, "freeze");
	fail_next("freeze", EOPNOTSUPP);
	assert_act(mount_freeze(s->fd, &n), -EOPNOTSUPP, "freeze");
	fail_next("thaw", EINVAL);
	assert_act(mount_thaw(s->fd, &n), -EINVAL, "thaw");
	assert_act(mount_thaw(s->fd, &n), 0, "thaw");
	assert_act(mount_lift(s->fd, &n), 0, "move run/slipway/held/42");
	assert_int_equal(faccessat(s->fd, "run/slipway/held/42", X_OK, 0), 0);
	node_free(&n);
}

static void a_file_is_lifted_onto_a_file(void **state)
{
	const struct scratch *s = *state;
	struct node n = mount_of(s, "image");
	struct stat st;

	scratch_write(s, "image", "", 0);
	assert_act(mount_lift(s->fd, &n), 0, "move run/slipway/held/42");
	assert_int_equal(fstatat(s->fd, "run/slipway/held/42", &st, 0), 0);
	assert_true(S_ISREG(st.st_mode));
	node_free(&n);
}

static void a_swap_by_any_path(void **state)
{
	struct node n = { .kind = NODE_SWAP, .name = copy_of("/oldroot/dev/dm-2") };

	assert_act(swap_off(-1, &n), 0, "swapoff /oldroot/dev/dm-2");
	fail_next("swapoff", ENOMEM);
	assert_act(swap_off(-1, &n), -ENOMEM, "swapoff /oldroot/dev/dm-2");
	fail_next("swapoff", ENOENT);
	assert_act(swap_off(-1, &n), -ENOENT,
		   "swapoff /oldroot/dev/dm-2; swapoff /dev/dm-2; swapoff /dev/mapper/dm-2");
	n.file = true;
	fail_next("swapoff", ENOENT);
	assert_act(swap_off(-1, &n), -ENOENT, "swapoff /oldroot/dev/dm-2");
	node_free(&n);
}

static struct node device(const struct scratch *s, const char *name, const char *state)
{
	char path[64];

	(void)file_mkdir_parents(s->fd, "dev/mapper", 0755);
	scratch_write(s, "dev/mapper/control", "", 0);
	(void)snprintf(path, sizeof(path), "dev/%s", name);
	scratch_write(s, path, "", 0);
	return (struct node){
		.kind = NODE_DEVICE,
		.name = copy_of(name),
		.label = copy_of(""),
		.state = copy_of(state),
		.dev = makedev(253, 300),
	};
}

static void a_loop_is_believed_when_it_has_no_file(void **state)
{
	const struct scratch *s = *state;
	struct node n = device(s, "loop0", "");

	loop_status = ENXIO;
	assert_act(loop_clear(s->fd, &n), 0, "fsync; clear; status");
	/* LOOP_CLR_FD says 0 to a loop in use. */
	loop_status = 0;
	assert_act(loop_clear(s->fd, &n), -EBUSY, "fsync; clear; status");
	fail_next("clear", ENXIO);
	loop_status = ENXIO;
	assert_act(loop_clear(s->fd, &n), 0, "fsync; clear; status");
	/* Its file was let go meanwhile, so it is not its data that could not be written. */
	fail_next("fsync", EIO);
	assert_act(loop_clear(s->fd, &n), 0, "fsync; status; clear; status");
	loop_status = 0;
	fail_next("fsync", EIO);
	assert_act(loop_clear(s->fd, &n), -EIO, "fsync; status; clear; status");
	assert_act(loop_autoclear(s->fd, &n), 0, "status; set");
	assert_true(loop_seen.lo_flags & LO_FLAGS_AUTOCLEAR);
	node_free(&n);
}

static void dm_is_removed_by_number(void **state)
{
	const struct scratch *s = *state;
	struct node n = device(s, "dm-300", "live");

	assert_act(dm_remove(s->fd, &n), 0, "fsync; remove");
	/* The kernel's huge_encode_dev(): minor bits above 8 after the major. */
	assert_int_equal(dm_seen.dev, 44 | 253 << 8 | 0x100 << 12);
	assert_int_equal(dm_seen.flags, 0);
	fail_next("remove", EBUSY);
	assert_act(dm_remove(s->fd, &n), -EBUSY, "fsync; remove");
	/* It has gone by itself. */
	fail_next("remove", ENXIO);
	assert_act(dm_remove(s->fd, &n), 0, "fsync; remove");
	fail_next("fsync", EIO);
	assert_act(dm_remove(s->fd, &n), -EIO, "fsync; remove");
	assert_act(dm_remove_deferred(s->fd, &n), 0, "remove");
	assert_int_equal(dm_seen.flags, DM_DEFERRED_REMOVE);
	assert_act(dm_resume(s->fd, &n), 0, "suspend");
	assert_int_equal(dm_seen.flags & DM_SUSPEND_FLAG, 0);
	node_free(&n);
}

/* Writing to a suspended device never ends, an empty one cannot be opened. */
static void dm_that_takes_no_writes_is_not_flushed(void **state)
{
	const struct scratch *s = *state;
	struct node n = device(s, "dm-1", "suspended");

	assert_act(dm_remove(s->fd, &n), 0, "remove");
	string_set(&n.state, "empty");
	assert_act(dm_remove(s->fd, &n), 0, "remove");
	node_free(&n);
}

static void md_is_flushed_and_stopped(void **state)
{
	const struct scratch *s = *state;
	struct node n = device(s, "md0", "clean");

	string_set(&n.label, "1.2");
	assert_act(md_stop(s->fd, &n), 0, "fsync; stop");
	/* Refused by the kernel while something is mounted from it. */
	assert_true(exclusive);
	fail_next("stop", EBUSY);
	assert_act(md_stop(s->fd, &n), -EBUSY, "fsync; stop");
	fail_next("fsync", EIO);
	assert_act(md_stop(s->fd, &n), -EIO, "fsync; stop");
	string_set(&n.state, "inactive");
	assert_act(md_stop(s->fd, &n), 0, "stop");
	assert_int_equal(unlinkat(s->fd, "dev/md0", 0), 0);
	assert_act(md_stop(s->fd, &n), -ENOENT, "");
	node_free(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(unmounting_syncs_first, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(only_files_and_directories_are_opened, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(other_ways_with_a_mount, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_file_is_lifted_onto_a_file, scratch_setup, scratch_teardown),
		cmocka_unit_test(a_swap_by_any_path),
		cmocka_unit_test_setup_teardown(a_loop_is_believed_when_it_has_no_file, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(dm_is_removed_by_number, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(dm_that_takes_no_writes_is_not_flushed, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(md_is_flushed_and_stopped, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
