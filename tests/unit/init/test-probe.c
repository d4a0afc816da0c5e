/* SPDX-License-Identifier: MIT */
/*
 * test-probe: what becomes of a reader's answer. The loop is the test; reading itself is shown on a file.
 * wrap: jobs_start clock_monotonic priority_raise
 * wrap: log_line log_console log_errno
 */
#include <sys/mman.h>

#include "base/file.h"
#include "base/macro.h"
#include "init/probe.h"
#include "init/run.h"
#include "unit/trace.h"

/* The jobs that were started, in their order. */
static struct {
	struct job job;
	worker_fn fn;
} started[4];
static size_t n_started;

uint64_t __wrap_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void)
{
	return 1000;
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
	int r = trace_call_errno("read %s", subject);

	assert_int_equal(deadline, 1000 + 30 * 1000000);
	if (r < 0) {
		free(data);
		return r;
	}
	assert_true(n_started < ARRAY_SIZE(started));
	started[n_started].fn = fn;
	started[n_started].job = (struct job){ .kind = kind, .subject = strdup(subject), .data = data };
	n_started++;
	return 0;
}

static void answer_bytes(struct run *run, size_t i, int result, const char *record, size_t size)
{
	struct job *job = &started[i].job;

	/* The loop's record has a NUL after it. */
	job->worker.record = calloc(1, size + 1);
	memcpy(job->worker.record, record, size);
	job->worker.size = size;
	job->kind->done(run, job, result);
	free(job->worker.record);
	free(job->subject);
	free(job->data);
}

#define ANSWER(run, i, result, record) answer_bytes(run, i, result, record, sizeof(record) - 1)

static int setup(void **state)
{
	n_started = 0;
	trace_reset(0, 0);
	return 0;
}

static const struct uevent vda = {
	.action = UEVENT_ADD, .devpath = "/devices/x/vda", .subsystem = "block", .devname = "vda",
};

static struct device *announce(struct run *run, enum uevent_action action)
{
	struct uevent u = vda;

	u.action = action;
	assert_int_equal(devices_apply(&run->devices, -EBADF, &u), 0);
	return devices_find(&run->devices, "vda");
}

static void done(struct run *run)
{
	devices_free(&run->devices);
	attempts_free(&run->attempts);
	profile_free(&run->profile);
}

static void tags_are_taken(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct device *dev = announce(&run, UEVENT_ADD);

	assert_int_equal(probe_start(&run, "vda"), 0);
	assert_int_equal(dev->probe, PROBE_RUNNING);
	ANSWER(&run, 0, 0, "TYPE\0ext4\0USAGE\0filesystem\0UUID\0a\0LABEL\0l\nm\0PART_ENTRY_UUID\0p\0"
	       "PART_ENTRY_NAME\0q\0PTTYPE\0gpt\0OTHER\0x\0");
	assert_int_equal(dev->probe, PROBE_DONE);
	assert_int_equal(dev->probed_at, 1000);
	assert_string_equal(dev->tags.type, "ext4");
	assert_string_equal(dev->tags.usage, "filesystem");
	assert_string_equal(dev->tags.uuid, "a");
	assert_string_equal(dev->tags.label, "l\nm");
	assert_string_equal(dev->tags.partuuid, "p");
	assert_string_equal(dev->tags.partlabel, "q");
	assert_string_equal(dev->tags.pttype, "gpt");
	assert_false(dev->tags.ambivalent);
	done(&run);
}

static void nothing_known(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct device *dev = announce(&run, UEVENT_ADD);

	assert_int_equal(probe_start(&run, "vda"), 0);
	ANSWER(&run, 0, 0, "");
	assert_int_equal(dev->probe, PROBE_DONE);
	assert_null(dev->tags.type);
	done(&run);
}

static void several_signatures(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct device *dev = announce(&run, UEVENT_ADD);

	assert_int_equal(probe_start(&run, "vda"), 0);
	ANSWER(&run, 0, 0, "AMBIVALENT\0" "1\0PART_ENTRY_UUID\0p\0");
	assert_true(dev->tags.ambivalent);
	assert_string_equal(dev->tags.partuuid, "p");
	done(&run);
}

static void failures_are_counted(void **state)
{
	static const int results[] = { -EIO, -ETIMEDOUT, -EPIPE };
	struct run run = { .loop = LOOP_CLOSED };
	struct device *dev = announce(&run, UEVENT_ADD);

	for (unsigned int i = 0; i < ARRAY_SIZE(results); i++) {
		assert_int_equal(probe_start(&run, "vda"), 0);
		ANSWER(&run, i, results[i], "TYPE\0ext4\0");
		assert_int_equal(dev->probe, PROBE_FAILED);
		assert_null(dev->tags.type);
		assert_int_equal(attempts_get(&run.attempts, "vda", ACTION_PROBE)->failed, i + 1);
	}
	assert_non_null(strstr(traced.text, "warning: cannot read the tags of vda: Input/output error, ignoring\n"));
	done(&run);
}

/* Our own worker writes it; half a record is a worker that was ended. */
static void half_a_record(void **state)
{
	static const char record[] = "TYPE\0ext4\0UUID";
	struct run run = { .loop = LOOP_CLOSED };
	struct device *dev = announce(&run, UEVENT_ADD);

	assert_int_equal(probe_start(&run, "vda"), 0);
	ANSWER(&run, 0, 0, record);
	assert_int_equal(dev->probe, PROBE_FAILED);
	done(&run);
}

static void device_that_is_gone(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	(void)announce(&run, UEVENT_ADD);
	assert_int_equal(probe_start(&run, "vda"), 0);
	(void)announce(&run, UEVENT_REMOVE);
	ANSWER(&run, 0, 0, "TYPE\0ext4\0");
	assert_int_equal(run.devices.n, 0);
	assert_int_equal(run.attempts.n, 0);
	done(&run);
}

/* It changed while it was read: neither the old content nor the old error counts, whoever answers first. */
static void answer_about_an_older_state(void **state)
{
	for (size_t first = 0; first < 2; first++) {
		struct run run = { .loop = LOOP_CLOSED };
		struct device *dev = announce(&run, UEVENT_ADD);

		setup(state);
		assert_int_equal(probe_start(&run, "vda"), 0);
		assert_ptr_equal(announce(&run, UEVENT_CHANGE), dev);
		assert_int_equal(dev->probe, PROBE_NONE);
		assert_int_equal(probe_start(&run, "vda"), 0);
		if (first == 0)
			ANSWER(&run, 0, 0, "UUID\0old\0");
		else
			ANSWER(&run, 1, 0, "UUID\0new\0");
		assert_int_equal(dev->probe, first == 0 ? PROBE_RUNNING : PROBE_DONE);
		if (first == 0)
			ANSWER(&run, 1, 0, "UUID\0new\0");
		else
			ANSWER(&run, 0, -EIO, "");
		assert_int_equal(dev->probe, PROBE_DONE);
		assert_string_equal(dev->tags.uuid, "new");
		assert_int_equal(run.attempts.n, 0);
		done(&run);
	}
}

/* The same name, another disk. */
static void answer_about_another_device(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct device *dev;

	(void)announce(&run, UEVENT_ADD);
	assert_int_equal(probe_start(&run, "vda"), 0);
	(void)announce(&run, UEVENT_REMOVE);
	dev = announce(&run, UEVENT_ADD);
	ANSWER(&run, 0, 0, "UUID\0old\0");
	assert_int_equal(dev->probe, PROBE_NONE);
	assert_null(dev->tags.uuid);
	done(&run);
}

static void no_reader_can_be_started(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct device *dev = announce(&run, UEVENT_ADD);

	trace_reset(1, EAGAIN);
	assert_int_equal(probe_start(&run, "vda"), -EAGAIN);
	/* Not for ever "being read". */
	assert_int_equal(dev->probe, PROBE_NONE);
	done(&run);
}

/* A swap area of 1 MiB, made by hand. */
static int make_swap(void)
{
	static const char uuid[16] = "0123456789abcdef", label[] = "my swap";
	int disk = memfd_create("disk", MFD_CLOEXEC);
	uint32_t version[2] = { 1, 255 };

	assert_int_equal(ftruncate(disk, 1 << 20), 0);
	assert_int_equal(pwrite(disk, version, sizeof(version), 1024), sizeof(version));
	assert_int_equal(pwrite(disk, uuid, 16, 1024 + 12), 16);
	assert_int_equal(pwrite(disk, label, sizeof(label), 1024 + 28), sizeof(label));
	assert_int_equal(pwrite(disk, "SWAPSPACE2", 10, 4096 - 10), 10);
	return disk;
}

/* The whole way, the worker's function in this process. The name leads to the file. */
static void read_disk(struct run *run, struct device *dev, int disk)
{
	_cleanup_close_ int answers = memfd_create("answers", MFD_CLOEXEC);
	_cleanup_free_ char *record = NULL;
	char name[64];
	size_t size;

	n_started = 0;
	snprintf(name, sizeof(name), "../proc/%d/fd/%d", getpid(), disk);
	assert_int_equal(string_set(&dev->devname, name), 0);
	assert_int_equal(probe_start(run, "vda"), 0);
	assert_int_equal(started[0].fn(answers, started[0].job.data), 0);
	assert_int_equal(lseek(answers, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(answers, 4096, &record, &size), 0);
	answer_bytes(run, 0, 0, record, size);
}

static void reader_reads(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct device *dev = announce(&run, UEVENT_ADD);
	_cleanup_close_ int disk = make_swap();

	read_disk(&run, dev, disk);
	assert_non_null(strstr(traced.text, "first\n"));
	assert_string_equal(dev->tags.type, "swap");
	assert_string_equal(dev->tags.usage, "other");
	assert_string_equal(dev->tags.label, "my swap");
	assert_string_equal(dev->tags.uuid, "30313233-3435-3637-3839-616263646566");
	assert_false(dev->tags.ambivalent);

	/* Wiped. */
	assert_int_equal(ftruncate(disk, 0) + ftruncate(disk, 1 << 20), 0);
	read_disk(&run, dev, disk);
	assert_int_equal(dev->probe, PROBE_DONE);
	assert_null(dev->tags.type);
	assert_false(dev->tags.ambivalent);
	done(&run);
}

static void reader_finds_no_node(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct device *dev = announce(&run, UEVENT_ADD);

	assert_int_equal(string_set(&dev->devname, "no such node"), 0);
	assert_int_equal(probe_start(&run, "vda"), 0);
	assert_int_equal(started[0].fn(-1, started[0].job.data), -ENOENT);
	ANSWER(&run, 0, -ENOENT, "");
	done(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tags_are_taken, setup),
		cmocka_unit_test_setup(nothing_known, setup),
		cmocka_unit_test_setup(several_signatures, setup),
		cmocka_unit_test_setup(failures_are_counted, setup),
		cmocka_unit_test_setup(half_a_record, setup),
		cmocka_unit_test_setup(device_that_is_gone, setup),
		cmocka_unit_test_setup(answer_about_an_older_state, setup),
		cmocka_unit_test_setup(answer_about_another_device, setup),
		cmocka_unit_test_setup(no_reader_can_be_started, setup),
		cmocka_unit_test_setup(reader_reads, setup),
		cmocka_unit_test_setup(reader_finds_no_node, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
