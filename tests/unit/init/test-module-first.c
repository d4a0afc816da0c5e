/* SPDX-License-Identifier: MIT */
/*
 * test-module-first: what is loaded before all else, and what is not waited for. The loop is the test.
 * wrap: loop_wait jobs_start send reserve_pending reserve_complete reserve_bring processors_usable
 * wrap: log_line log_console log_errno
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "module-world.h"

#define NET  "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00"
#define BLK  "pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00"
#define SCSI "pci:v00001AF4d00001048sv00001AF4sd00001100bc01sc00i00"

/* Who is asked for is found while virtio_pci is loaded, and that may be the network's. */
static void drivers_of_disks_go_first(void **state)
{
	static const char sent[] = "worker\nload virtio:d00000002v00001AF4 scsi:t-0x00 virtio:d00000008v00001AF4 "
				   NET " x " BLK " " SCSI "\n";
	struct run run = { 0 };

	ask_all(&run, NET " x " BLK " " SCSI " " BLK);
	assert_string_equal(traced.text, sent);
	assert_true(modules_busy(&run.modules));
	says(&run, jobs[0], ".\n.\n.\n.\n.\n.\n.\n");
	assert_false(modules_busy(&run.modules));
	/* The kernel says so itself, later. */
	trace_reset(0, 0);
	ask_all(&run, "virtio:d00000002v00001AF4 scsi:t-0x00");
	assert_string_equal(traced.text, "");

	/* Of more modules the same is true. */
	assert_int_equal(modules_ask_again(&run.modules), 0);
	assert_true(modules_busy(&run.modules));
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, sent);
	ends(&run, 1, 0);
	ends(&run, 0, 0);
	run_free(&run);
}

/* A worker that has nothing to do serves it; one that is at something may be so for as long as a hundred disks take. */
static void who_is_in_a_hurry_passes_by(void **state)
{
	struct run run = { 0 };

	ask_all(&run, "a b");
	says(&run, jobs[0], ".\n.\n");
	assert_int_equal(modules_ask_first(&run.modules, "fs-xfs"), 0);
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, "worker\nload a b\nload fs-xfs\n");
	says(&run, jobs[0], ".\n");
	assert_false(modules_busy(&run.modules));

	trace_reset(0, 0);
	ask_all(&run, "c d");
	assert_int_equal(modules_ask_first(&run.modules, "fs-ext4"), 0);
	ask_all(&run, "e");
	assert_string_equal(traced.text, "load c d\nworker\nload fs-ext4\nload e\n");
	assert_int_equal(n_jobs, 2);
	assert_true(jobs[1]->worker.deadline < UINT64_MAX);
	says(&run, jobs[1], "+ext4 1 2\n.\n");
	/* It ends, and what comes later is the first one's. */
	ends(&run, 1, 0);
	ask_all(&run, "f");
	assert_string_equal(traced.text, "load c d\nworker\nload fs-ext4\nload e\nload f\n");
	says(&run, jobs[0], ".\n.\n.\n.\n");
	assert_false(modules_busy(&run.modules));
	assert_int_equal(run.modules.open, 0);
	ends(&run, 0, 0);
	run_free(&run);
}

/* What the worker has been told to load is not loaded twice. */
static void what_is_in_the_list_is_waited_for(void **state)
{
	static const char *const answers_of_it[] = { "+ext4 1 2\n.\n", NULL };
	struct run run = { 0 };

	ask_all(&run, "virtio_pci fs-ext4 hid");
	says(&run, jobs[0], ".\n");
	answers = answers_of_it;
	assert_int_equal(modules_need(&run, "fs-ext4"), 0);
	assert_null(*answers);
	assert_string_equal(traced.text, "worker\nload virtio_pci fs-ext4 hid\n");
	assert_int_equal(n_jobs, 1);
	says(&run, jobs[0], ".\n");
	assert_false(modules_busy(&run.modules));
	ends(&run, 0, 0);
	run_free(&run);
}

/* Where there are several processors: the disk's drivers and the file system's do not need each other. */
static void the_list_is_loaded_by_two(void **state)
{
	static const unsigned int several[] = { 2, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(several); i++) {
		static const char *const answers_of_it[] = { "+ext4 1 2\n.\n", NULL };
		struct run run = { 0 };

		trace_reset(0, 0);
		n_processors = several[i];
		ask_all(&run, "virtio_pci fs-ext4 hid");
		assert_string_equal(traced.text, "worker\nload fs-ext4\nworker\nload virtio_pci hid\n");
		assert_true(jobs[0]->worker.deadline < UINT64_MAX);
		says(&run, jobs[1], ".\n.\n");
		assert_true(modules_busy(&run.modules));
		/* It is waited for where it is. */
		ask_all(&run, "later");
		says(&run, jobs[1], ".\n");
		swap_jobs();
		answers = answers_of_it;
		assert_int_equal(modules_need(&run, "fs-ext4"), 0);
		assert_null(*answers);
		assert_false(modules_busy(&run.modules));
		assert_string_equal(traced.text,
				    "worker\nload fs-ext4\nworker\nload virtio_pci hid\nload later\n");

		/* With the reserve there may be another module for it. */
		assert_int_equal(modules_ask_again(&run.modules), 0);
		assert_true(modules_busy(&run.modules));
		ends(&run, 1, 0);
		ends(&run, 0, 0);
		run_free(&run);
	}
	n_processors = 1;
}

/* One of the two cannot be started: what is queued stays so. */
static void the_list_waits_for_its_worker(void **state)
{
	struct run run = { 0 };

	n_processors = 2;
	start_error = -EAGAIN;
	assert_int_equal(modules_ask(&run.modules, "fs-ext4"), 0);
	assert_int_equal(modules_ask(&run.modules, "a"), 0);
	assert_int_equal(modules_start(&run), -EAGAIN);
	start_error = 0;
	assert_true(modules_busy(&run.modules));
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, "worker\nworker\nload fs-ext4\nworker\nload a\n");
	n_processors = 1;
	says(&run, jobs[0], ".\n");
	says(&run, jobs[1], ".\n");
	assert_false(modules_busy(&run.modules));
	ends(&run, 1, 0);
	ends(&run, 0, 0);
	run_free(&run);
}

/* It hangs, or its worker dies: it alone is lost. */
static void who_is_in_a_hurry_falls(void **state)
{
	for (int hangs = 0; hangs < 2; hangs++) {
		struct run run = { 0 };

		ask_all(&run, "a");
		assert_int_equal(modules_ask_first(&run.modules, "fs-ext4"), 0);
		assert_int_equal(modules_start(&run), 0);
		assert_int_equal(n_jobs, 2);
		if (hangs)
			assert_true(jobs[1]->kind->late(&run, jobs[1]));
		else
			ends(&run, 1, -EPIPE);
		assert_int_equal(modules_need(&run, "fs-ext4"), 0);
		assert_true(modules_busy(&run.modules));
		says(&run, jobs[0], ".\n");
		assert_false(modules_busy(&run.modules));
		assert_null(run.modules.pending);
		while (n_jobs > 0)
			ends(&run, 0, 0);
		run_free(&run);
	}
}

/* Whatever else is being loaded. */
static void only_what_is_needed_is_waited_for(void **state)
{
	static const char *const one[] = { "+xfs 1 2\n.\n", NULL };
	static const char *const two[] = { ".\n", "+loop 1 2\n.\n", NULL };
	struct run run = { 0 };

	ask_all(&run, "takes-long b");
	answers = one;
	assert_int_equal(modules_need(&run, "fs-xfs"), 0);
	assert_null(*answers);
	assert_string_equal(traced.text, "worker\nload takes-long b\nworker\nload fs-xfs\n");
	assert_true(modules_busy(&run.modules));
	ends(&run, 1, 0);

	/* What was asked for before is where it is. */
	ask_all(&run, "loop c");
	says(&run, jobs[0], ".\n");
	answers = two;
	assert_int_equal(modules_need(&run, "loop"), 0);
	assert_null(*answers);
	assert_true(modules_busy(&run.modules));
	/* And what was served is not waited for. */
	assert_int_equal(modules_need(&run, "fs-xfs"), 0);
	says(&run, jobs[0], ".\n");
	assert_false(modules_busy(&run.modules));
	ends(&run, 0, 0);
	run_free(&run);
}

static void no_second_worker_can_be_started(void **state)
{
	struct run run = { 0 };

	ask_all(&run, "a");
	assert_int_equal(modules_ask_first(&run.modules, "fs-ext4"), 0);
	start_error = -EAGAIN;
	assert_int_equal(modules_start(&run), -EAGAIN);
	start_error = 0;
	/* The first one is there yet, and nothing was forgotten. */
	ask_all(&run, "b");
	assert_string_equal(traced.text, "worker\nload a\nworker\nworker\nload fs-ext4\nload b\n");
	says(&run, jobs[0], ".\n.\n");
	says(&run, jobs[1], ".\n");
	assert_int_equal(run.modules.open, 0);
	ends(&run, 1, 0);
	ends(&run, 0, 0);
	run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(drivers_of_disks_go_first, setup),
		cmocka_unit_test_setup(who_is_in_a_hurry_passes_by, setup),
		cmocka_unit_test_setup(what_is_in_the_list_is_waited_for, setup),
		cmocka_unit_test_setup(the_list_is_loaded_by_two, setup),
		cmocka_unit_test_setup(the_list_waits_for_its_worker, setup),
		cmocka_unit_test_setup(who_is_in_a_hurry_falls, setup),
		cmocka_unit_test_setup(only_what_is_needed_is_waited_for, setup),
		cmocka_unit_test_setup(no_second_worker_can_be_started, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
