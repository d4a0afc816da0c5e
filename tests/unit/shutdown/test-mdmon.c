/* SPDX-License-Identifier: MIT */
/*
 * test-mdmon: whose metadata is taken over, from whom, and what is made of the answers.
 * wrap: run_look worker_call spawn_run spawn_wait
 * wrap: log_line log_console log_errno
 */
#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/spawn.h"
#include "base/worker.h"
#include "shutdown/mdmon.h"
#include "shutdown/run.h"
#include "unit/scratch.h"
#include "unit/shutdown/graph.h"
#include "unit/trace.h"

static int exit_code;
static int looked; /* what the look comes to */

int __wrap_run_look(struct run *run);
int __wrap_run_look(struct run *run)
{
	trace_note("look");
	return looked < 0 ? looked : snapshot_link(&run->last);
}

int __wrap_worker_call(worker_fn fn, void *data, uint64_t deadline, char **ret, size_t *ret_size);
int __wrap_worker_call(worker_fn fn, void *data, uint64_t deadline, char **ret, size_t *ret_size)
{
	assert_true(deadline < UINT64_MAX);
	assert_null(ret);
	return fn(-1, data);
}

int __wrap_spawn_run(const struct spawn *s, uint64_t deadline, int *ret_status);
int __wrap_spawn_run(const struct spawn *s, uint64_t deadline, int *ret_status)
{
	char text[256] = "";

	assert_true(deadline < UINT64_MAX);
	for (size_t i = 0; s->argv[i]; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "", s->argv[i]);
	*ret_status = exit_code << 8;
	return trace_call_errno("%s", text);
}

int __wrap_spawn_wait(pid_t pid, uint64_t deadline, int *ret_status);
int __wrap_spawn_wait(pid_t pid, uint64_t deadline, int *ret_status)
{
	assert_true(deadline < UINT64_MAX);
	return trace_call_errno("await %d", pid);
}

struct setting {
	struct scratch *s;
	struct run run;
};

static void array(struct setting *at, const char *name, unsigned int number, const char *version, const char *level)
{
	size_t i = graph_device(&at->run.last, name, makedev(9, number), version);

	assert_int_equal(string_set(&at->run.last.nodes[i].detail, level), 0);
}

static int setup(void **state)
{
	struct setting *at = calloc(1, sizeof(*at));
	void *scratch = NULL;

	assert_non_null(at);
	assert_int_equal(scratch_setup(&scratch), 0);
	at->s = scratch;
	at->run = (struct run){ .root = at->s->fd, .machine = true };
	assert_int_equal(file_mkdir_parents(at->s->fd, "run/mdadm", 0755), 0);
	assert_int_equal(file_mkdir_parents(at->s->fd, "proc/345", 0755), 0);
	scratch_write(at->s, "run/mdadm/md127.pid", "345\n", 4);
	scratch_write(at->s, "proc/345/comm", "mdmon\n", 6);
	scratch_write(at->s, "mdmon", "", 0);
	assert_int_equal(symlinkat("../../mdmon", at->s->fd, "proc/345/exe"), 0);
	trace_reset(0, 0);
	exit_code = looked = 0;
	*state = at;
	return 0;
}

static int teardown(void **state)
{
	struct setting *at = *state;
	void *scratch = at->s;

	snapshot_free(&at->run.last);
	free(at);
	return scratch_teardown(&scratch);
}

static void imsm(struct setting *at)
{
	array(at, "md127", 127, "external:imsm", "container");
	array(at, "md126", 126, "external:/md127/0", "raid1");
	array(at, "md125", 125, "external:/md127/1", "raid5");
}

static void assert_trace(struct setting *at, const char *expected)
{
	take_over_metadata(&at->run);
	assert_string_equal(traced.text, expected);
}

static void from_the_old_one(void **state)
{
	struct setting *at = *state;

	imsm(at);
	assert_trace(at, "look\n"
			 "mdmon --takeover --offroot md127\n"
			 "await 345\n"
			 "mdadm --wait-clean /dev/md126\n"
			 "info: md127: mdmon is process 345 now, from the exitrd\n");
}

/* It was killed: the new one begins anew, and nobody is waited for. */
static void from_nobody(void **state)
{
	struct setting *at = *state;

	imsm(at);
	assert_int_equal(unlinkat(at->s->fd, "run/mdadm/md127.pid", 0), 0);
	assert_trace(at, "look\n"
			 "mdmon --takeover --offroot md127\n"
			 "mdadm --wait-clean /dev/md126\n"
			 "warning: cannot take over the metadata of md127 (external:imsm): it left no number in "
			 "/run/mdadm, ignoring\n");
}

static void its_number_is_somebody_elses(void **state)
{
	struct setting *at = *state;

	imsm(at);
	scratch_write(at->s, "proc/345/comm", "shutdown\n", 9);
	assert_trace(at, "look\n"
			 "mdmon --takeover --offroot md127\n"
			 "mdadm --wait-clean /dev/md126\n"
			 "info: md127: mdmon is process 345 now, from the exitrd\n");
}

static void only_what_is_to_be_written(void **state)
{
	struct setting *at = *state;

	array(at, "md127", 127, "external:imsm", "container");
	array(at, "md126", 126, "external:/md127/0", "raid0");
	array(at, "md12", 12, "external:ddf", "container");
	array(at, "md0", 0, "1.2", "raid1");
	assert_trace(at, "look\n");
}

static void in_a_namespace_it_is_somebody_elses(void **state)
{
	struct setting *at = *state;

	imsm(at);
	at->run.machine = false;
	assert_trace(at, "");
}

static void it_cannot_be_looked(void **state)
{
	struct setting *at = *state;

	looked = -EIO;
	assert_trace(at, "look\nerror: cannot see which arrays there are: Input/output error\n");
}

static void each_step_fails(void **state)
{
	static const struct {
		unsigned int call;
		int error, exit_code;
		const char *trace;
	} rows[] = {
		{ 1, ENOENT, 0, "look\nmdmon --takeover --offroot md127\nwarning: cannot take over the metadata of "
		  "md127 (external:imsm): the exitrd has no mdmon, ignoring\n" },
		{ 0, 0, 1, "look\nmdmon --takeover --offroot md127\nwarning: cannot take over the metadata of md127 "
		  "(external:imsm): mdmon failed, ignoring\n" },
		/* The old one does not end: the new one is asked all the same. */
		{ 2, ETIMEDOUT, 0, "look\nmdmon --takeover --offroot md127\nawait 345\n"
		  "mdadm --wait-clean /dev/md126\ninfo: md127: mdmon is process 345 now, from the exitrd\n" },
		{ 3, ETIMEDOUT, 0, "look\nmdmon --takeover --offroot md127\nawait 345\n"
		  "mdadm --wait-clean /dev/md126\nwarning: cannot take over the metadata of md127 (external:imsm): "
		  "Connection timed out, ignoring\n" },
	};
	struct setting *at = *state;

	imsm(at);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		trace_reset(rows[i].call, rows[i].error);
		exit_code = rows[i].exit_code;
		assert_trace(at, rows[i].trace);
	}
}

/* Its last array is gone, so it is. */
static void it_has_ended_in_order(void **state)
{
	struct setting *at = *state;

	exit_code = 1;
	assert_int_equal(mdmon_await(at->s->fd, "md127", "md126"), -ECHILD);
	assert_int_equal(unlinkat(at->s->fd, "run/mdadm/md127.pid", 0), 0);
	assert_int_equal(mdmon_await(at->s->fd, "md127", "md126"), 0);
	trace_reset(1, ENOENT);
	assert_int_equal(mdmon_await(at->s->fd, "md127", "md126"), -ENOENT);
}

static void it_still_runs_from_the_old_root(void **state)
{
	struct setting *at = *state;

	imsm(at);
	assert_int_equal(unlinkat(at->s->fd, "proc/345/exe", 0), 0);
	assert_int_equal(symlinkat("/proc/version", at->s->fd, "proc/345/exe"), 0);
	assert_trace(at, "look\n"
			 "mdmon --takeover --offroot md127\n"
			 "await 345\n"
			 "mdadm --wait-clean /dev/md126\n"
			 "warning: cannot take over the metadata of md127 (external:imsm): mdmon still runs from the "
			 "old root, ignoring\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(from_the_old_one, setup, teardown),
		cmocka_unit_test_setup_teardown(from_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(its_number_is_somebody_elses, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_is_to_be_written, setup, teardown),
		cmocka_unit_test_setup_teardown(in_a_namespace_it_is_somebody_elses, setup, teardown),
		cmocka_unit_test_setup_teardown(it_cannot_be_looked, setup, teardown),
		cmocka_unit_test_setup_teardown(each_step_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(it_has_ended_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(it_still_runs_from_the_old_root, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
