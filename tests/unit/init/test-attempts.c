/* SPDX-License-Identifier: MIT */
/*
 * test-attempts: what was tried.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "base/macro.h"
#include "init/attempts.h"
#include "unit/memory.h"

static void what_was_not_tried_is_all_zero(void **state)
{
	struct attempts a = { 0 };
	const struct attempt *t = attempts_get(&a, "vda", ACTION_PROBE);

	assert_non_null(t);
	assert_int_equal(t->failed, 0);
	assert_false(t->done);
	assert_int_equal(t->since, 0);
}

static void failures_are_counted(void **state)
{
	_cleanup_(attempts_free) struct attempts a = { 0 };
	char name[] = "vda";

	assert_int_equal(attempts_failed(&a, name, ACTION_PROBE, 10), 0);
	/* The subject is a copy. */
	name[2] = 'b';
	assert_int_equal(attempts_failed(&a, "vda", ACTION_PROBE, 20), 0);
	assert_int_equal(a.n, 1);
	assert_int_equal(attempts_get(&a, "vda", ACTION_PROBE)->failed, 2);
	assert_int_equal(attempts_get(&a, "vda", ACTION_PROBE)->since, 20);
	assert_int_equal(attempts_get(&a, "vdb", ACTION_PROBE)->failed, 0);
}

static void one_for_each_subject_and_action(void **state)
{
	_cleanup_(attempts_free) struct attempts a = { 0 };

	assert_int_equal(attempts_failed(&a, "root", ACTION_PROBE, 1), 0);
	assert_int_equal(attempts_done(&a, "root", ACTION_REPORT, 2), 0);
	assert_int_equal(attempts_done(&a, "usr", ACTION_REPORT, 3), 0);
	assert_int_equal(a.n, 3);
	assert_false(attempts_get(&a, "root", ACTION_PROBE)->done);
	assert_int_equal(attempts_get(&a, "root", ACTION_PROBE)->failed, 1);
	assert_true(attempts_get(&a, "root", ACTION_REPORT)->done);
	assert_int_equal(attempts_get(&a, "root", ACTION_REPORT)->since, 2);
	assert_int_equal(attempts_get(&a, "usr", ACTION_REPORT)->since, 3);
}

static void forgetting_takes_all_of_a_subject(void **state)
{
	_cleanup_(attempts_free) struct attempts a = { 0 };

	assert_int_equal(attempts_failed(&a, "vda", ACTION_PROBE, 1), 0);
	assert_int_equal(attempts_done(&a, "vda", ACTION_REPORT, 1), 0);
	assert_int_equal(attempts_failed(&a, "vdb", ACTION_PROBE, 1), 0);
	assert_int_equal(attempts_done(&a, "vda", ACTION_REPORT, 1), 0);
	attempts_forget(&a, "vdc");
	assert_int_equal(a.n, 3);
	attempts_forget(&a, "vda");
	assert_int_equal(a.n, 1);
	assert_int_equal(attempts_get(&a, "vda", ACTION_PROBE)->failed, 0);
	assert_false(attempts_get(&a, "vda", ACTION_REPORT)->done);
	assert_int_equal(attempts_get(&a, "vdb", ACTION_PROBE)->failed, 1);
	attempts_forget(&a, "vdb");
	attempts_forget(&a, "vdb");
	assert_int_equal(a.n, 0);
}

/* There is one on the screen at a time: a forgotten one would let another begin beside it. */
static void a_question_outlives_its_device(void **state)
{
	_cleanup_(attempts_free) struct attempts a = { 0 };

	assert_int_equal(attempts_running(&a, "vda", ACTION_ASK, 1), 0);
	assert_int_equal(attempts_failed(&a, "vda", ACTION_UNLOCK, 1), 0);
	attempts_forget(&a, "vda");
	assert_int_equal(a.n, 1);
	assert_true(attempts_get(&a, "vda", ACTION_ASK)->running);
	attempts_drop(&a, "vda", ACTION_ASK);
	attempts_drop(&a, "vda", ACTION_ASK);
	assert_int_equal(a.n, 0);
	assert_int_equal(attempts_failed(&a, "vda", ACTION_ASK, 1), 0);
	attempts_forget(&a, "vda");
	assert_int_equal(a.n, 0);
}

/* It was announced again, and the array that it is in knows nothing of that. */
static void what_was_given_away_stays_so(void **state)
{
	_cleanup_(attempts_free) struct attempts a = { 0 };

	assert_int_equal(attempts_done(&a, "vda", ACTION_ASSEMBLE, 1), 0);
	assert_int_equal(attempts_done(&a, "vda", ACTION_SCAN, 2), 0);
	attempts_forget_used(&a, "vda");
	assert_int_equal(a.n, 1);
	assert_int_equal(attempts_get(&a, "vda", ACTION_ASSEMBLE)->since, 1);
	attempts_forget(&a, "vda");
	assert_int_equal(a.n, 0);
}

static void over(void **state)
{
	_cleanup_(attempts_free) struct attempts a = { 0 };

	assert_int_equal(attempts_running(&a, "vda", ACTION_ASK, 1), 0);
	assert_int_equal(attempts_over(&a, "vda", ACTION_ASK, 2), 0);
	assert_true(attempts_get(&a, "vda", ACTION_ASK)->over);
	assert_false(attempts_get(&a, "vda", ACTION_ASK)->running);
	assert_int_equal(attempts_get(&a, "vda", ACTION_ASK)->failed, 1);
}

static int try_two(void *data)
{
	_cleanup_(attempts_free) struct attempts a = { 0 };
	int r = attempts_failed(&a, "vda", ACTION_PROBE, 1);

	return r < 0 ? r : attempts_done(&a, "root", ACTION_REPORT, 2);
}

static void out_of_memory_is_reported(void **state)
{
	/* The array and the subject, twice. */
	assert_int_equal(memory_sweep(try_two, NULL), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_tried_is_all_zero),
		cmocka_unit_test(failures_are_counted),
		cmocka_unit_test(one_for_each_subject_and_action),
		cmocka_unit_test(forgetting_takes_all_of_a_subject),
		cmocka_unit_test(a_question_outlives_its_device),
		cmocka_unit_test(over),
		cmocka_unit_test(what_was_given_away_stays_so),
		cmocka_unit_test(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
