/* SPDX-License-Identifier: MIT */
/*
 * filesystem-world: what is found, mounted and in the fstab, for the stages that mount one file system. A test that
 * includes this has the same " * wrap:" lines as test-filesystem.c.
 */
#pragma once

#include "base/clock.h"
#include "base/file.h"
#include "base/macro.h"
#include "base/mountinfo.h"
#include "init/driver.h"
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
	bool no_driver;         /* the kernel does not know the file system yet */
	struct device *renewed; /* while its driver is waited for the device goes, and is this one from then on */
	uint64_t announced;     /* that many devices have come when it was checked; 0: it alone */
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

/* The device is the only one that is known by name. */
int __wrap_loop_wait(struct run *run, uint64_t wake_at);
int __wrap_loop_wait(struct run *run, uint64_t wake_at)
{
	static struct device *items[1];

	assert_int_equal(wake_at, 0);
	items[0] = world.renewed ?: &world.device;
	run->devices = (struct devices){ .items = items, .n = 1, .announced = MAX(world.announced, 1) };
	return 0;
}

int __wrap_fsck_run(struct run *run, const struct fsck_request *q, struct fsck_result *ret);
int __wrap_fsck_run(struct run *run, const struct fsck_request *q, struct fsck_result *ret)
{
	assert_ptr_equal(q->device, &world.device);
	ret->ran = true;
	return trace_call_errno("fsck %s %s %s", q->what, q->fstype, q->unit);
}

int __wrap_driver_ask(struct run *run, const char *fstypes);
int __wrap_driver_ask(struct run *run, const char *fstypes)
{
	return world.no_driver ? trace_call_errno("ask for %s", fstypes) : 0;
}

int __wrap_driver_wait(struct run *run, const char *fstypes);
int __wrap_driver_wait(struct run *run, const char *fstypes)
{
	if (world.renewed)
		world.device = (struct device){ .name = T("gone"), .devname = T("gone"), .tags.type = T("gone") };
	return world.no_driver ? trace_call_errno("wait for %s", fstypes) : 0;
}

int __wrap_mount_fs(struct run *run, const struct mount_request *m);
int __wrap_mount_fs(struct run *run, const struct mount_request *m)
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

static inline int setup(void **state)
{
	memset(&world, 0, sizeof(world));
	world.device = (struct device){
		.name = T("vda1"), .devname = T("vda1"), .devno = 0xfe01, .tags.type = T("ext4"),
		.announced = 1, .read_upto = 1,
	};
	world.fstab_error = -ENOENT;
	trace_reset(0, 0);
	return 0;
}

/* The stage with these words on the command line. */
static inline int stage(int (*fn)(struct run *run), const char *words, struct run *run)
{
	*run = (struct run){ .monotonic = USEC_PER_SEC, .loop = LOOP_CLOSED };
	assert_int_equal(boot_parse(&(struct boot_text){ .kernel = words }, &run->boot), 0);
	assert_int_equal(attempts_done(&run->attempts, "root", ACTION_REPORT, 1), 0);
	return fn(run);
}

static inline void done(struct run *run)
{
	boot_free(&run->boot);
	attempts_free(&run->attempts);
	profile_free(&run->profile);
}

static inline int stage_alone(int (*fn)(struct run *run), const char *words)
{
	struct run run;
	int r = stage(fn, words, &run);

	done(&run);
	return r;
}

#define MOUNTED "info: mounted /dev/vda1 (ext4) on /sysroot\n"
