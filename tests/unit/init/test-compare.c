/* SPDX-License-Identifier: MIT */
/*
 * test-compare: one worker looks at all that may be a copy, and what becomes of its answers. The loop is the test;
 * looking itself is shown on files.
 * wrap: jobs_start clock_monotonic priority_raise
 * wrap: log_line log_console log_errno
 */
#include <sys/mman.h>

#include "base/file.h"
#include "base/macro.h"
#include "init/compare.h"
#include "init/plan.h"
#include "init/probe.h"
#include "init/run.h"
#include "unit/trace.h"

#define T(s)    ((char *)(s))
#define NOW     1000
#define STALL   100000
#define LONGEST 30000000

static struct {
	struct job job;
	worker_fn fn;
	size_t n;
} started;

static const struct spec spec = { .kind = SPEC_UUID, .text = T("UUID=a"), .value = T("a") };
static const struct want want = { .what = "root", .spec = &spec };

uint64_t __wrap_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void)
{
	return NOW;
}

void __wrap_priority_raise(void);
void __wrap_priority_raise(void)
{
	trace_note("first");
}

int __wrap_jobs_start(struct jobs *list, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
		      uint64_t deadline);
int __wrap_jobs_start(struct jobs *list, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
		      uint64_t deadline)
{
	int r = trace_call_errno("compare %s", subject);

	assert_int_equal(deadline, NOW + STALL);
	if (r < 0) {
		free(data);
		return r;
	}
	started.fn = fn;
	started.job = (struct job){ .kind = kind, .data = data };
	started.n++;
	return 0;
}

/* The root, which was read, and three that came before it was; run.devices has them in this order. */
static int setup(void **state)
{
	static const char *const names[] = { "vda", "vdb", "vdc", "vdd" };
	struct run *run = calloc(1, sizeof(*run));

	*state = run;
	memset(&started, 0, sizeof(started));
	trace_reset(0, 0);
	run->loop = (struct loop)LOOP_CLOSED;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64];
		struct uevent u = {
			.action = UEVENT_ADD, .devpath = path, .subsystem = "block", .devname = names[i],
		};

		snprintf(path, sizeof(path), "/devices/x/%s", names[i]);
		assert_int_equal(devices_apply(&run->devices, -EBADF, &u), 0);
		run->devices.items[i]->sectors = 8;
	}
	run->devices.items[0]->probe = PROBE_DONE;
	run->devices.items[0]->read_upto = 4;
	run->devices.items[0]->tags = (struct tags){
		.type = strdup("ext4"), .usage = strdup("filesystem"), .uuid = strdup("a"),
	};
	return 0;
}

static int teardown(void **state)
{
	struct run *run = *state;

	free(started.job.data);
	free(started.job.worker.record);
	devices_free(&run->devices);
	attempts_free(&run->attempts);
	profile_free(&run->profile);
	free(run);
	return 0;
}

static void begin(struct run *run)
{
	assert_int_equal(compare_start(run, &want, run->devices.items[0]), 0);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(run->devices.items[i]->probe, PROBE_COMPARING);
	assert_int_equal(run->devices.items[0]->probe, PROBE_DONE);
	assert_string_equal(traced.text, "compare vda\n");
}

/* All that has come so far. */
static void says(struct run *run, const char *record)
{
	struct job *job = &started.job;

	free(job->worker.record);
	job->worker.record = strdup(record);
	job->worker.size = strlen(record);
	job->kind->progress(run, job);
}

static void assert_device(const struct run *run, size_t i, enum probe_state probe, uint64_t compared, bool alike)
{
	const struct device *dev = run->devices.items[i];

	assert_int_equal(dev->probe, probe);
	assert_int_equal(dev->compared, compared);
	if (compared > 0)
		assert_int_equal(dev->alike, alike);
}

static void answers_are_taken_as_they_come(void **state)
{
	struct run *run = *state;

	begin(run);
	says(run, "-");
	assert_device(run, 1, PROBE_NONE, 1, false);
	assert_device(run, 2, PROBE_COMPARING, 0, false);
	says(run, "-+-");
	assert_device(run, 2, PROBE_NONE, 1, true);
	assert_device(run, 3, PROBE_NONE, 1, false);
	assert_int_equal(started.job.worker.deadline, NOW + STALL);
	started.job.kind->done(run, &started.job, 0);
	assert_device(run, 1, PROBE_NONE, 1, false);
	assert_int_equal(run->attempts.n, 0);
}

static void only_what_the_plan_says(void **state)
{
	struct run *run = *state;

	run->devices.items[1]->probe = PROBE_RUNNING;
	run->devices.items[3]->sectors = 0;
	assert_int_equal(compare_start(run, &want, run->devices.items[0]), 0);
	assert_device(run, 1, PROBE_RUNNING, 0, false);
	assert_device(run, 2, PROBE_COMPARING, 0, false);
	assert_device(run, 3, PROBE_NONE, 0, false);
	says(run, "+-");
	assert_device(run, 2, PROBE_NONE, 1, true);
	assert_device(run, 3, PROBE_NONE, 0, false);
}

/* One that does not answer: those after it may be compared by another worker, and what this one says later is void. */
static void one_that_hangs(void **state)
{
	struct run *run = *state;
	struct job *job = &started.job;

	begin(run);
	says(run, "-");
	assert_true(job->kind->late(run, job));
	assert_int_equal(job->worker.deadline, NOW + LONGEST);
	assert_device(run, 2, PROBE_COMPARING, 0, false);
	assert_device(run, 3, PROBE_NONE, 0, false);
	assert_true(plan_compares(&want, &run->devices, &run->attempts, run->devices.items[0], run->devices.items[3]));
	assert_false(plan_compares(&want, &run->devices, &run->attempts, run->devices.items[0], run->devices.items[2]));
	says(run, "--+");
	assert_device(run, 2, PROBE_NONE, 1, false);
	assert_device(run, 3, PROBE_NONE, 0, false);
	/* It has nothing more to say. */
	assert_false(job->kind->late(run, job));
}

/* What nobody could tell is read whole; that has a deadline and tells why. */
static void one_that_hangs_for_ever(void **state)
{
	struct run *run = *state;
	struct job *job = &started.job;

	begin(run);
	assert_true(job->kind->late(run, job));
	assert_false(job->kind->late(run, job));
	job->kind->done(run, job, -ETIMEDOUT);
	assert_device(run, 1, PROBE_NONE, 1, true);
	assert_device(run, 2, PROBE_NONE, 0, false);
}

static void the_worker_dies(void **state)
{
	struct run *run = *state;

	begin(run);
	says(run, "-");
	started.job.kind->done(run, &started.job, -EPIPE);
	assert_device(run, 1, PROBE_NONE, 1, false);
	assert_device(run, 2, PROBE_NONE, 1, true);
	assert_device(run, 3, PROBE_NONE, 1, true);
}

static void what_changes_meanwhile(void **state)
{
	struct run *run = *state;
	struct uevent changes = {
		.action = UEVENT_CHANGE, .devpath = "/devices/x/vdb", .subsystem = "block", .devname = "vdb",
	}, goes = {
		.action = UEVENT_REMOVE, .devpath = "/devices/x/vdc", .subsystem = "block", .devname = "vdc",
	};

	begin(run);
	assert_int_equal(devices_apply(&run->devices, -EBADF, &changes), 0);
	assert_int_equal(devices_apply(&run->devices, -EBADF, &goes), 0);
	says(run, "---");
	assert_int_equal(run->devices.n, 3);
	assert_int_equal(devices_find(&run->devices, "vdb")->compared, 0);
	assert_int_equal(devices_find(&run->devices, "vdd")->compared, 1);

	/* What was compared before is not what is there now. */
	changes.devpath = "/devices/x/vdd";
	changes.devname = "vdd";
	assert_int_equal(devices_apply(&run->devices, -EBADF, &changes), 0);
	assert_int_equal(devices_find(&run->devices, "vdd")->compared, 0);
}

static void no_worker(void **state)
{
	struct run *run = *state;

	trace_reset(1, EAGAIN);
	assert_int_equal(compare_start(run, &want, run->devices.items[0]), -EAGAIN);
	assert_device(run, 1, PROBE_NONE, 0, false);
}

#define ID "abcdef01-2345-6789-abcd-ef0123456789"

/* A file with an ext superblock of that type in it, or with nothing. */
static int make_ext(const char *type)
{
	int disk = memfd_create("disk", MFD_CLOEXEC);
	bool ext4 = streq(type, "ext4");
	struct {
		uint32_t inodes, blocks, reserved, free_blocks, free_inodes, first, log_block, log_cluster;
		uint32_t rest[6];
		uint16_t magic, state, errors, minor;
		uint32_t lastcheck, interval, creator, revision;
		uint16_t uid, gid;
		uint32_t first_inode;
		uint16_t inode_size, group;
		uint32_t compatible, incompatible, ro;
		char uuid[16];
	} super = {
		.inodes = 16, .blocks = 1024, .first = 1, .magic = 0xef53, .state = 1, .revision = 1, .first_inode = 11,
		.inode_size = 128, .compatible = ext4 ? 4 : 0, .incompatible = ext4 ? 0x42 : 2,
	};

	memcpy(super.uuid, "\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89", 16);
	assert_int_equal(offsetof(__typeof__(super), magic), 0x38);
	assert_int_equal(offsetof(__typeof__(super), uuid), 0x68);
	assert_int_equal(ftruncate(disk, 1 << 20), 0);
	if (!streq(type, "none"))
		assert_int_equal(pwrite(disk, &super, sizeof(super), 1024), sizeof(super));
	return disk;
}

static void looking(void **state)
{
	static const struct {
		const char *name, *on_disk, *type, *uuid;
		bool alike;
	} rows[] = {
		{ "a copy",                      "ext4", "ext4", ID,                                     true  },
		{ "in other letters",            "ext4", "ext4", "ABCDEF01-2345-6789-ABCD-EF0123456789", true  },
		{ "another UUID",                "ext4", "ext4", "abcdef01-2345-6789-abcd-ef0123456780", false },
		{ "from before a feature of it", "ext2", "ext4", ID,                                     true  },
		{ "with a feature more",         "ext4", "ext2", ID,                                     true  },
		{ "of another type",             "ext4", "xfs",  ID,                                     false },
		{ "nothing",                     "none", "ext4", ID,                                     false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_close_ int disk = make_ext(rows[i].on_disk);
		char path[64];
		bool alike = !rows[i].alike;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", disk);
		if (probe_compare(path, rows[i].type, rows[i].uuid, &alike) < 0 || alike != rows[i].alike)
			fail_msg("%s: %s", rows[i].name, alike ? "alike" : "another");
	}
}

/* The whole way of one worker, in this process: what cannot be looked at is not said to be another. */
static void the_worker(void **state)
{
	struct run *run = *state;
	_cleanup_close_ int copy = make_ext("ext4"), blank = make_ext("none");
	_cleanup_close_ int answers = memfd_create("answers", MFD_CLOEXEC);
	_cleanup_free_ char *record = NULL;
	const int disks[] = { blank, copy };
	struct spec wanted = { .kind = SPEC_UUID, .text = T("UUID=" ID), .value = T(ID) };
	struct want w = { .what = "root", .spec = &wanted };
	size_t size;

	assert_int_equal(string_set(&run->devices.items[0]->tags.uuid, ID), 0);
	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		char name[64];

		snprintf(name, sizeof(name), "../proc/self/fd/%d", disks[i]);
		assert_int_equal(string_set(&run->devices.items[i + 1]->devname, name), 0);
	}
	assert_int_equal(string_set(&run->devices.items[3]->devname, "no such node"), 0);
	assert_int_equal(compare_start(run, &w, run->devices.items[0]), 0);
	assert_int_equal(started.fn(answers, started.job.data), 0);
	assert_int_equal(lseek(answers, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(answers, 4096, &record, &size), 0);
	assert_string_equal(record, "-++");
	assert_string_equal(traced.text, "compare vda\nfirst\n");
}

#define of_four(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		of_four(answers_are_taken_as_they_come),
		of_four(only_what_the_plan_says),
		of_four(one_that_hangs),
		of_four(one_that_hangs_for_ever),
		of_four(the_worker_dies),
		of_four(what_changes_meanwhile),
		of_four(no_worker),
		cmocka_unit_test(looking),
		of_four(the_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
