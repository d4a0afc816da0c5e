/* SPDX-License-Identifier: MIT */
/*
 * test-reserve: when the rest of the image is unpacked, what its end means, and that a broken one is one error and no
 * more. The worker runs here, on a file and a tree of the test.
 * wrap: access open mkdir unlink merge jobs_start jobs_end jobs_find loop_wait modules_ask_again
 * wrap: sched_setscheduler
 * wrap: log_line log_console log_errno
 */
#include "init/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/clock.h"
#include "base/file.h"
#include "init/merge.h"
#include "init/run.h"
#include "unit/scratch.h"
#include "unit/trace.h"

static const struct scratch *scratch;
static struct {
	bool absent;
	struct job job;
	worker_fn fn;
	int result, start_error;
	const char *record; /* what the worker says */
} world;

/* Paths of the image are below the scratch directory. */
static const char *here(const char *path, char buffer[256])
{
	(void)snprintf(buffer, 256, "%s%s", scratch->path, path);
	return buffer;
}

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	assert_string_equal(path, RESERVE_PATH);
	return world.absent ? -1 : 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	char buffer[256];

	/* setup()'s own. */
	return __real_open(startswith(path, "/tmp/") ? path : here(path, buffer), flags, 0644);
}

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
	char buffer[256];

	return __real_mkdir(here(path, buffer), mode);
}

int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
	return trace_call("unlink %s", path);
}

int __wrap_merge(int from, int to);
int __wrap_merge(int from, int to)
{
	assert_true(from >= 0 && to >= 0);
	return trace_call_errno("merge");
}

int __wrap_jobs_start(struct jobs *jobs, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
		      uint64_t deadline);
int __wrap_jobs_start(struct jobs *jobs, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
		      uint64_t deadline)
{
	trace_note("start");
	assert_true(deadline < USEC_FOREVER);
	if (world.start_error) {
		free(data);
		return world.start_error;
	}
	world.job = (struct job){ .kind = kind, .data = data, .worker.pid = 4711 };
	world.job.worker.record = (char *)world.record;
	world.fn = fn;
	return 0;
}

void __wrap_jobs_end(struct jobs *jobs, const struct job_kind *kind);
void __wrap_jobs_end(struct jobs *jobs, const struct job_kind *kind)
{
	trace_note("end");
	free(TAKE_PTR(world.job.data));
}

struct job *__wrap_jobs_find(const struct jobs *jobs, const struct job_kind *kind);
struct job *__wrap_jobs_find(const struct jobs *jobs, const struct job_kind *kind)
{
	return &world.job;
}

int __wrap_sched_setscheduler(pid_t pid, int policy, const struct sched_param *param);
int __wrap_sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	trace_note("%s %d", policy == SCHED_IDLE ? "idle" : "normal", pid);
	return 0;
}

int __wrap_modules_ask_again(struct modules *m);
int __wrap_modules_ask_again(struct modules *m)
{
	return trace_call_errno("ask again");
}

static void end_job(struct run *run, int result)
{
	world.job.kind->done(run, &world.job, result);
	free(TAKE_PTR(world.job.data));
}

int __wrap_loop_wait(struct run *run, uint64_t wake_at);
int __wrap_loop_wait(struct run *run, uint64_t wake_at)
{
	assert_int_equal(wake_at, USEC_FOREVER);
	if (trace_call_errno("wait") < 0)
		return -EIO;
	end_job(run, world.result);
	return 0;
}

static void run_free(struct run *run)
{
	profile_free(&run->profile);
}

static int setup(void **state)
{
	memset(&world, 0, sizeof(world));
	trace_reset(0, 0);
	if (scratch_setup(state) < 0)
		return -1;
	scratch = *state;
	return file_mkdir_parents(scratch->fd, "usr/lib/slipway/reserve", 0755);
}

#define DONE "merge\nunlink " RESERVE_PATH "\ninfo: unpacked the image's reserve\nask again\n"

static void brought_once(void **state)
{
	_cleanup_(run_free) struct run run = { 0 };

	assert_true(reserve_pending(&run));
	assert_false(reserve_complete(&run));
	reserve_bring(&run);
	assert_string_equal(traced.text, "start\nwait\n" DONE);
	assert_false(reserve_pending(&run));
	assert_true(reserve_complete(&run));
	trace_reset(0, 0);
	reserve_bring(&run);
	assert_int_equal(reserve_start(&run, true), 0);
	assert_string_equal(traced.text, "");
}

static void image_without_one(void **state)
{
	struct run run = { 0 };

	world.absent = true;
	assert_false(reserve_pending(&run));
	assert_true(reserve_complete(&run));
	reserve_bring(&run);
	assert_int_equal(reserve_start(&run, true), 0);
	assert_string_equal(traced.text, "");
}

/* In the background until somebody waits for it; ended, it begins anew. */
static void in_the_background(void **state)
{
	_cleanup_(run_free) struct run run = { 0 };

	assert_int_equal(reserve_start(&run, true), 0);
	assert_int_equal(reserve_start(&run, true), 0);
	assert_string_equal(traced.text, "start\n");
	assert_true(reserve_pending(&run));
	reserve_drop(&run);
	assert_true(reserve_pending(&run));
	assert_int_equal(reserve_start(&run, true), 0);
	reserve_bring(&run);
	assert_string_equal(traced.text, "start\nend\nstart\nnormal 4711\nwait\n" DONE);
}

static void failures(void **state)
{
	static const struct {
		int result, start_error;
		unsigned int fail;
		const char *record, *trace;
		bool pending;
	} rows[] = {
		{ -EBADMSG, 0, 0, "no cpio record, at byte 512 of it",
		  "start\nwait\nerror: cannot unpack " RESERVE_PATH ": no cpio record, at byte 512 of it; going on "
		  "without the tools and modules in it\n", false },
		{ -ETIMEDOUT, 0, 0, NULL,
		  "start\nwait\nerror: cannot unpack " RESERVE_PATH ": Connection timed out; going on without the "
		  "tools and modules in it\n", false },
		/* merge */
		{ 0, 0, 2, NULL,
		  "start\nwait\nmerge\nerror: cannot unpack " RESERVE_PATH ": Input/output error; going on without the "
		  "tools and modules in it\n", false },
		{ 0, -EAGAIN, 0, NULL,
		  "start\nerror: cannot unpack " RESERVE_PATH ": Resource temporarily unavailable\nend\n", true },
		/* The loop itself. */
		{ 0, 0, 1, NULL,
		  "start\nwait\nerror: cannot unpack " RESERVE_PATH ": Input/output error\nend\n", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(run_free) struct run run = { 0 };

		trace_reset(rows[i].fail, EIO);
		world.result = rows[i].result;
		world.start_error = rows[i].start_error;
		world.record = rows[i].record;
		reserve_bring(&run);
		assert_string_equal(traced.text, rows[i].trace);
		assert_int_equal(reserve_pending(&run), rows[i].pending);
		assert_false(reserve_complete(&run));
	}
}

/* A newc archive of one file and the trailer, packed. */
static size_t pack(char *to, size_t room, bool trailer)
{
	static const char record[] =
		"070701" "00000001" "000081A4" "00000000" "00000000" "00000001" "00000000" "00000003"
		"00000000" "00000000" "00000000" "00000000" "00000008" "00000000" "usr/new\0\0\0new\0"
		"070701" "00000000" "00000000" "00000000" "00000000" "00000001" "00000000" "00000000"
		"00000000" "00000000" "00000000" "00000000" "0000000B" "00000000" "TRAILER!!!\0\0\0\0";
	size_t size = ZSTD_compress(to, room, record, trailer ? sizeof(record) - 1 : 110 + 10 + 4, 1);

	assert_false(ZSTD_isError(size));
	return size;
}

/* What the worker does, and says. */
static int work(const char *data, size_t size, char **ret)
{
	_cleanup_(run_free) struct run run = { 0 };
	int fds[2], r;

	scratch_write(scratch, "usr/lib/slipway/reserve.cpio.zst", data, size);
	assert_int_equal(reserve_start(&run, true), 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	r = world.fn(fds[1], world.job.data);
	(void)close(fds[1]);
	assert_int_equal(file_read_fd(fds[0], 4096, ret, NULL), 0);
	(void)close(fds[0]);
	free(world.job.data);
	return r;
}

static void worker_unpacks(void **state)
{
	_cleanup_free_ char *said = NULL, *text = NULL;
	char packed[512];
	size_t size = pack(packed, sizeof(packed), true);

	assert_int_equal(work(packed, size, &said), 0);
	assert_string_equal(said, "");
	assert_int_equal(file_read(scratch->fd, "usr/lib/slipway/reserve/usr/new", 64, &text, NULL), 0);
	assert_string_equal(text, "new");
	assert_string_equal(traced.text, "start\nidle 0\n");
}

static void worker_says_what_is_wrong(void **state)
{
	static const struct {
		bool trailer;
		size_t cut;    /* bytes from the end */
		size_t damage; /* of that byte */
		const char *said;
	} rows[] = {
		{ false, 0, 0, "it is cut off, at byte 124 of it" },
		{ true, 20, 0, "it is cut off, at byte 0 of it" },
		{ true, 0, 1, "Unknown frame descriptor, at byte 0 of it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *said = NULL;
		char packed[512];
		size_t size = pack(packed, sizeof(packed), rows[i].trailer);

		if (rows[i].damage)
			packed[rows[i].damage] ^= 0x55;
		assert_int_equal(work(packed, size - rows[i].cut, &said), -EBADMSG);
		assert_string_equal(said, rows[i].said);
	}
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(brought_once),
		in_scratch(image_without_one),
		in_scratch(in_the_background),
		in_scratch(failures),
		in_scratch(worker_unpacks),
		in_scratch(worker_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
