/* SPDX-License-Identifier: MIT */
/*
 * test-module-held: what is loaded after all else. The loop is the test.
 * wrap: loop_wait jobs_start send reserve_pending reserve_complete reserve_bring processors_usable
 * wrap: log_line log_console log_errno
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "module-world.h"

#define SATA "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01"
#define NET  "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00"

/* What does not come back before its ports have answered comes after all else, whoever asked first. */
static void slow_ones_are_held_back(void **state)
{
	struct run run = { 0 };

	ask_all(&run, SATA " " NET " x");
	assert_string_equal(traced.text, "worker\nload " NET " x\n");
	assert_true(modules_busy(&run.modules));
	says(&run, jobs[0], ".\n.\n");
	assert_false(modules_busy(&run.modules));
	trace_reset(0, 0);
	ask_all(&run, SATA);
	assert_string_equal(traced.text, "");
	assert_int_equal(modules_release(&run), 0);
	assert_string_equal(traced.text, "load " SATA "\n");
	assert_true(modules_busy(&run.modules));
	assert_int_equal(modules_release(&run), 0);
	says(&run, jobs[0], ".\n");

	/* Of more modules the same is true. */
	trace_reset(0, 0);
	assert_int_equal(modules_ask_again(&run.modules), 0);
	assert_int_equal(modules_start(&run), 0);
	assert_string_equal(traced.text, "worker\nload " NET " x\n");
	assert_true(strv_contains(run.modules.held, SATA));
	ends(&run, 1, 0);
	ends(&run, 0, 0);
	run_free(&run);
}

/* Who named it by its name wants it. */
static void names_are_not_held_back(void **state)
{
	struct run run = { 0 };

	ask_all(&run, "ahci libata");
	assert_string_equal(traced.text, "worker\nload ahci libata\n");
	ends(&run, 0, 0);
	run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(slow_ones_are_held_back, setup),
		cmocka_unit_test_setup(names_are_not_held_back, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
