/* SPDX-License-Identifier: MIT */
/*
 * test-module: what is asked for, what workers answer, and what becomes of the rest when one hangs or dies. The
 * root is a scratch directory, the loop is the test.
 * wrap: open loop_open jobs_start jobs_count
 * wrap: log_line log_console log_errno
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "base/file.h"
#include "base/macro.h"
#include "base/strv.h"
#include "init/run.h"
#include "init/stages.h"
#include "unit/memory.h"
#include "unit/sysfs.h"
#include "unit/trace.h"

#define T(s) ((char *)(s))

static const char *root;
static struct job jobs[4]; /* those under way */
static size_t n_jobs;
static int start_error;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	return __real_open(streq(path, "/") ? root : path, flags, 0644);
}

int __wrap_loop_open(struct run *run);
int __wrap_loop_open(struct run *run)
{
	return trace_call_errno("listen");
}

int __wrap_jobs_start(struct jobs *list, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
		      uint64_t deadline);
int __wrap_jobs_start(struct jobs *list, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
		      uint64_t deadline)
{
	char text[256] = "";

	assert_null(subject);
	STRV_FOREACH(alias, *(char ***)data) { /* the batch begins with its words */
		strncat(text, " ", sizeof(text) - strlen(text) - 1);
		strncat(text, *alias, sizeof(text) - strlen(text) - 1);
	}
	trace_note("load%s", text);
	if (start_error) {
		free(data);
		return start_error;
	}
	assert_true(n_jobs < ARRAY_SIZE(jobs));
	jobs[n_jobs++] = (struct job){ .kind = kind, .data = data, .worker = { .deadline = deadline } };
	return 0;
}

size_t __wrap_jobs_count(const struct jobs *list, const struct job_kind *kind);
size_t __wrap_jobs_count(const struct jobs *list, const struct job_kind *kind)
{
	return n_jobs;
}

/* Is anything queued, or being loaded by a worker that does not hang? */
static bool busy(const struct run *run)
{
	return run->modules.pending || n_jobs > run->modules.stalled;
}

/* The worker of the job says more; the loop calls progress(). */
static void says(struct run *run, struct job *job, const char *text)
{
	size_t n = strlen(text);

	job->worker.record = realloc(job->worker.record, job->worker.size + n + 1);
	memcpy(job->worker.record + job->worker.size, text, n + 1);
	job->worker.size += n;
	job->kind->progress(run, job);
}

static void ends(struct run *run, size_t i, int result)
{
	struct job job = jobs[i];

	jobs[i] = jobs[--n_jobs];
	job.kind->done(run, &job, result);
	free(job.worker.record);
	free(job.data);
}

static int setup(void **state)
{
	const struct scratch *s;

	if (scratch_setup(state) < 0)
		return -1;
	s = *state;
	root = s->path;
	n_jobs = 0;
	start_error = 0;
	trace_reset(0, 0);
	return 0;
}

static void ask_all(struct run *run, const char *words)
{
	_cleanup_strv_ char **l = NULL;

	assert_int_equal(strv_split(&l, words, " "), 0);
	STRV_FOREACH(word, l)
		assert_int_equal(modules_ask(&run->modules, *word), 0);
	assert_int_equal(modules_start(run), 0);
}

static void listed_ones_come_first(void **state)
{
	char *words[] = { T("early"), T("ext4"), NULL };
	struct run run = { .boot.modules = words, .loop = LOOP_CLOSED };

	sysfs_write(*state, "/etc/modules-load.d/20-b.conf",
		    "# comment\n; another\n\n  virtio_blk \next4\r\n\tusb-storage # why\nlast");
	sysfs_write(*state, "/etc/modules-load.d/10-a.conf", "nvme\n");
	sysfs_write(*state, "/etc/modules-load.d/readme", "no\n");
	sysfs_write(*state, "/usr/lib/modules-load.d/20-b.conf", "masked\n");
	sysfs_write(*state, "/usr/lib/modules-load.d/30-c.conf", "dm_mod\n");
	assert_int_equal(load_modules(&run), 0);
	assert_string_equal(traced.text, "listen\nload early ext4 nvme virtio_blk usb-storage last dm_mod\n");
	ends(&run, 0, 0);
	modules_free(&run.modules);
}

static void nothing_is_listed(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	assert_int_equal(load_modules(&run), 0);
	assert_string_equal(traced.text, "listen\n");
	assert_false(busy(&run));
	trace_reset(1, EPERM);
	assert_int_equal(load_modules(&run), -EPERM);
	assert_string_equal(traced.text,
			    "listen\nerror: cannot listen for devices and load modules: Operation not permitted\n");
}

static void asked_once(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	ask_all(&run, "a b a");
	assert_string_equal(traced.text, "load a b\n");
	ask_all(&run, "b c");
	/* One batch at a time. */
	assert_string_equal(traced.text, "load a b\n");
	assert_true(busy(&run));
	says(&run, &jobs[0], "+a\n.\n");
	says(&run, &jobs[0], "+b\n.\n");
	ends(&run, 0, 0);
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, "load a b\nload c\n");
	ends(&run, 0, 0);
	assert_false(busy(&run));
	assert_int_equal(run.modules.loaded, 2);
	assert_int_equal(modules_ask(&run.modules, ""), 0);
	assert_false(busy(&run));
	modules_free(&run.modules);
}

static void answers_are_remembered(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	ask_all(&run, "a b c");
	/* In whatever pieces they come. */
	says(&run, &jobs[0], "+x 100 300\n!y: No such");
	says(&run, &jobs[0], " device\n");
	says(&run, &jobs[0], ".\n?b\n.");
	says(&run, &jobs[0], "\n");
	assert_int_equal(run.modules.loaded, 1);
	/* The times are the worker's. */
	assert_int_equal(run.profile.n, 1);
	assert_int_equal(run.profile.spans[0].kind, SPAN_MODULE);
	assert_string_equal(run.profile.spans[0].name, "x");
	assert_int_equal(run.profile.spans[0].start, 100);
	assert_int_equal(run.profile.spans[0].end, 300);
	profile_free(&run.profile);
	assert_string_equal(run.modules.failed[0], "y: No such device");
	assert_string_equal(run.modules.unserved[0], "b");
	assert_string_equal(traced.text, "load a b c\nwarning: cannot load module y: No such device, ignoring\n");
	ends(&run, 0, 0);
	modules_free(&run.modules);
}

/* One whose initialisation hangs keeps its worker; the others go to a second one. */
static void one_hangs(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	ask_all(&run, "a hangs b c");
	says(&run, &jobs[0], "+a\n.\n");
	assert_true(jobs[0].kind->late(&run, &jobs[0]));
	assert_int_equal(jobs[0].worker.deadline, UINT64_MAX);
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, "load a hangs b c\n"
			    "warning: loading hangs takes longer than 5 s; the other modules go on without it\n"
			    "load b c\n");
	assert_true(busy(&run));
	ends(&run, 1, 0);
	/* Nobody waits for what hangs. */
	assert_false(busy(&run));
	/* It comes at last; what it does with the rest of its list is no news to anybody. */
	says(&run, &jobs[0], "+hangs\n.\n+b\n.\n");
	assert_int_equal(jobs[0].worker.deadline, UINT64_MAX);
	ends(&run, 0, 0);
	assert_int_equal(run.modules.stalled, 0);
	modules_free(&run.modules);
}

/* An oops in a module's initialisation kills the process that loads it. */
static void one_crashes(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	ask_all(&run, "a oops b c");
	says(&run, &jobs[0], "+a\n.\n");
	ends(&run, 0, -EPIPE);
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, "load a oops b c\nwarning: cannot load oops: Broken pipe, ignoring\n"
			    "load b c\n");
	says(&run, &jobs[0], ".\n.\n");
	/* All was served: nothing is lost. */
	ends(&run, 0, -EPIPE);
	assert_false(busy(&run));
	modules_free(&run.modules);
}

static void one_hangs_and_crashes(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	ask_all(&run, "oops b");
	assert_true(jobs[0].kind->late(&run, &jobs[0]));
	assert_int_equal(modules_start(&run), 0);
	ends(&run, 0, -EPIPE);
	ends(&run, 0, 0);
	assert_int_equal(modules_start(&run), 0);
	/* The rest was given away before: once. */
	assert_null(strstr(strstr(traced.text, "load b\n") + 1, "load b\n"));
	assert_false(busy(&run));
	modules_free(&run.modules);
}

static void no_worker_can_be_started(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	start_error = -EAGAIN;
	assert_int_equal(modules_ask(&run.modules, "a"), 0);
	assert_int_equal(modules_start(&run), -EAGAIN);
	/* The stage is tried again. */
	start_error = 0;
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, "load a\nload a\n");
	ends(&run, 0, 0);
	modules_free(&run.modules);
}

static void unserved_ones_are_described(void **state)
{
	static const struct {
		const char *aliases, *text;
	} rows[] = {
		{ "", NULL },
		{ "pci:v00008086d00002922sv0sd0bc01sc06i01", "pci:v00008086d00002922sv0sd0bc01sc06i01" },
		{ "virtio:d00000002v00001AF4 scsi:t-0x00", "virtio:d00000002v00001AF4, scsi:t-0x00" },
		{ "acpi:PNP0C0C:", "1 device that is no storage" },
		{ "acpi:A: acpi:B:", "2 devices that are no storage" },
		{ "acpi:A: usb:v1d2dc00dsc00dp00ic08isc06ip50in00",
		  "usb:v1d2dc00dsc00dp00ic08isc06ip50in00 and 1 device "
		  "that is no storage" },
		/* A network card and a mouse. */
		{ "pci:v1d2sv3sd4bc02sc00i00 usb:v1p2dc00ic03isc01 virtio:d00000001v00001AF4",
		  "3 devices that are no storage" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct modules m = { 0 };
		_cleanup_free_ char *text = NULL;

		assert_int_equal(strv_split(&m.unserved, rows[i].aliases, " "), 0);
		text = modules_describe_unserved(&m);
		if (!streq_null(text, rows[i].text))
			fail_msg("<%s>: %s", rows[i].aliases, text);
		modules_free(&m);
	}
}

static int ask_two(void *data)
{
	struct modules m = { 0 };
	int r = modules_ask(&m, "a");

	if (r == 0)
		r = modules_ask(&m, "b");
	/* Nothing is thought to be asked for that no worker will be given. */
	STRV_FOREACH(alias, m.asked)
		assert_true(strv_contains(m.pending, *alias));
	modules_free(&m);
	return r;
}

static void out_of_memory_is_reported(void **state)
{
	assert_int_equal(memory_sweep(ask_two, NULL), 8);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(listed_ones_come_first),
		in_scratch(nothing_is_listed),
		in_scratch(asked_once),
		in_scratch(answers_are_remembered),
		in_scratch(one_hangs),
		in_scratch(one_crashes),
		in_scratch(one_hangs_and_crashes),
		in_scratch(no_worker_can_be_started),
		in_scratch(unserved_ones_are_described),
		in_scratch(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
