/* SPDX-License-Identifier: MIT */
/*
 * test-module: what is asked for, what workers answer, and what becomes of the rest when one hangs or dies. The
 * loop is the test.
 * wrap: loop_wait jobs_start send reserve_pending reserve_complete reserve_bring processors_usable
 * wrap: log_line log_console log_errno
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "module-world.h"

/* One worker serves all; while it has nothing to do it may say nothing for as long as it likes. */
static void asked_once(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	ask_all(&run, "a b a");
	assert_string_equal(traced.text, "worker\nload a b\n");
	assert_true(jobs[0]->worker.deadline < UINT64_MAX);
	ask_all(&run, "b c");
	assert_string_equal(traced.text, "worker\nload a b\nload c\n");
	says(&run, jobs[0], "+a 1 2\n.\n");
	says(&run, jobs[0], "+b 1 2\n.\n");
	assert_true(modules_busy(&run.modules));
	assert_true(jobs[0]->worker.deadline < UINT64_MAX);
	says(&run, jobs[0], "+c 1 2\n.\n");
	assert_false(modules_busy(&run.modules));
	assert_int_equal(jobs[0]->worker.deadline, UINT64_MAX);
	assert_int_equal(run.modules.loaded, 3);
	assert_int_equal(modules_ask(&run.modules, ""), 0);
	assert_false(modules_busy(&run.modules));
	ask_all(&run, "d");
	assert_true(jobs[0]->worker.deadline < UINT64_MAX);
	assert_string_equal(traced.text, "worker\nload a b\nload c\nload d\n");
	ends(&run, 0, -EPIPE);
	assert_false(modules_busy(&run.modules));
	run_free(&run);
}

/* What the socket has no room for goes when an answer has come. */
static void socket_is_full(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	send_error = EAGAIN;
	ask_all(&run, "a b");
	assert_true(modules_busy(&run.modules));
	send_error = 0;
	assert_int_equal(modules_start(&run), 0);
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, "worker\nload a b: no\nload a b\n");
	says(&run, jobs[0], ".\n.\n");
	ends(&run, 0, 0);
	run_free(&run);
}

/* Of more than a message holds each part is whole words. */
static void messages_are_bounded(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	char word[1024];

	memset(word, 'x', sizeof(word));
	for (int i = 0; i < 40; i++) {
		(void)snprintf(word + 1000, 24, "%d", i);
		assert_int_equal(modules_ask(&run.modules, word), 0);
	}
	send_error = EBADF;
	assert_int_equal(modules_start(&run), -EBADF);
	/* 16 of them. */
	assert_string_equal(traced.text, "worker\nload x15: no\n");
	ends(&run, 0, -EPIPE);
	run_free(&run);
}

/* After the reserve all is asked for anew, of a worker that knows more; the old one ends when it has done its part. */
static void asked_again(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	packed = true;
	ask_all(&run, "a b:c d");
	says(&run, jobs[0], "+a 1 2\n.\n?b:c\n.\n");
	assert_false(run.modules.names_unserved);
	assert_int_equal(modules_ask_again(&run.modules), 0);
	assert_null(run.modules.unserved);
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, "worker\nload a b:c d\nworker\nload a b:c d\n");
	says(&run, jobs[0], "?d\n.\n");
	assert_true(run.modules.names_unserved);
	ends(&run, 0, 0);
	assert_true(modules_busy(&run.modules));
	says(&run, jobs[0], ".\n.\n.\n");
	assert_false(modules_busy(&run.modules));
	ends(&run, 0, 0);
	run_free(&run);
}

static void needed_ones_bring_the_reserve(void **state)
{
	static const struct {
		bool packed;
		const char *answers[4], *trace;
	} rows[] = {
		{ false, { "+ext4 1 2\n.\n" }, "worker\nload fs-ext4\n" },
		{ false, { "?fs-ext4\n.\n" }, "worker\nload fs-ext4\n" },
		{ true, { "+ext4 1 2\n", ".\n" }, "worker\nload fs-ext4\n" },
		{ true, { "?fs-ext4\n.\n", "+ext4 1 2\n.\n" },
		  "worker\nload fs-ext4\nbring\nworker\nload fs-ext4\n" },
		{ true, { "?fs-ext4\n.\n", "?fs-ext4\n.\n" },
		  "worker\nload fs-ext4\nbring\nworker\nload fs-ext4\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run run = { .loop = LOOP_CLOSED };

		trace_reset(0, 0);
		packed = rows[i].packed;
		answers = rows[i].answers;
		assert_int_equal(modules_need(&run, "fs-ext4"), 0);
		assert_string_equal(traced.text, rows[i].trace);
		/* Of what the boot itself asks for by name nobody thinks that a person wants it. */
		assert_false(run.modules.names_unserved);
		while (n_jobs > 0)
			ends(&run, 0, 0);
		run_free(&run);
	}
}

static void answers_are_remembered(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	ask_all(&run, "a b c");
	/* In whatever pieces they come. */
	says(&run, jobs[0], "+x 5 7\n!y: No such");
	says(&run, jobs[0], " device\n");
	says(&run, jobs[0], ".\n?b\n.");
	says(&run, jobs[0], "\n");
	assert_int_equal(run.modules.loaded, 1);
	assert_string_equal(run.modules.failed[0], "y: No such device");
	assert_string_equal(run.modules.unserved[0], "b");
	/* The times are the worker's. */
	assert_int_equal(run.profile.n, 1);
	assert_int_equal(run.profile.spans[0].kind, SPAN_MODULE);
	assert_string_equal(run.profile.spans[0].name, "x");
	assert_int_equal(run.profile.spans[0].start, 5);
	assert_int_equal(run.profile.spans[0].end, 7);
	assert_string_equal(traced.text, "worker\nload a b c\n"
			    "warning: cannot load module y: No such device, ignoring\n");
	ends(&run, 0, 0);
	run_free(&run);
}

/* One whose initialisation hangs keeps its worker; the others go to a second one. */
static void one_hangs(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	ask_all(&run, "a hangs b c");
	says(&run, jobs[0], "+a 1 2\n.\n");
	assert_true(jobs[0]->kind->late(&run, jobs[0]));
	assert_int_equal(jobs[0]->worker.deadline, UINT64_MAX);
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, "worker\nload a hangs b c\n"
			    "warning: loading hangs takes longer than 5 s; the other modules go on without it\n"
			    "worker\nload b c\n");
	assert_true(modules_busy(&run.modules));
	says(&run, jobs[1], ".\n.\n");
	ends(&run, 1, 0);
	/* Nobody waits for what hangs. */
	assert_false(modules_busy(&run.modules));
	/* It comes at last; what it does with the rest of its list is no news to anybody. */
	says(&run, jobs[0], "+hangs 1 2\n.\n+b 1 2\n.\n");
	assert_int_equal(jobs[0]->worker.deadline, UINT64_MAX);
	ends(&run, 0, 0);
	assert_int_equal(run.modules.open, 0);
	run_free(&run);
}

/* An oops in a module's initialisation kills the process that loads it. */
static void one_crashes(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	ask_all(&run, "a oops b c");
	says(&run, jobs[0], "+a 1 2\n.\n");
	ends(&run, 0, -EPIPE);
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, "worker\nload a oops b c\nwarning: cannot load oops: Broken pipe, ignoring\n"
			    "worker\nload b c\n");
	says(&run, jobs[0], ".\n.\n");
	/* All was served: nothing is lost. */
	ends(&run, 0, -EPIPE);
	assert_false(modules_busy(&run.modules));
	run_free(&run);
}

static void one_hangs_and_crashes(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	ask_all(&run, "oops b");
	assert_true(jobs[0]->kind->late(&run, jobs[0]));
	assert_int_equal(modules_start(&run), 0);
	ends(&run, 0, -EPIPE);
	ends(&run, 0, 0);
	assert_int_equal(modules_start(&run), 0);
	/* The rest was given away before: once. */
	assert_null(strstr(strstr(traced.text, "load b\n") + 1, "load b\n"));
	assert_false(modules_busy(&run.modules));
	run_free(&run);
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
	assert_string_equal(traced.text, "worker\nworker\nload a\n");
	ends(&run, 0, 0);
	run_free(&run);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(asked_once, setup),
		cmocka_unit_test_setup(socket_is_full, setup),
		cmocka_unit_test_setup(messages_are_bounded, setup),
		cmocka_unit_test_setup(asked_again, setup),
		cmocka_unit_test_setup(needed_ones_bring_the_reserve, setup),
		cmocka_unit_test_setup(answers_are_remembered, setup),
		cmocka_unit_test_setup(one_hangs, setup),
		cmocka_unit_test_setup(one_crashes, setup),
		cmocka_unit_test_setup(one_hangs_and_crashes, setup),
		cmocka_unit_test_setup(no_worker_can_be_started, setup),
		cmocka_unit_test_setup(out_of_memory_is_reported, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
