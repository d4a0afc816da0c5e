/* SPDX-License-Identifier: MIT */
/*
 * test-priority: what PID 1 asks of the scheduler, and gives back.
 * wrap: setpriority sched_setscheduler sched_getscheduler
 * wrap: log_line log_console log_errno
 */
#include <sched.h>
#include <sys/resource.h>

#include "init/priority.h"
#include "unit/trace.h"

static int policy;

int __wrap_setpriority(__priority_which_t which, id_t who, int value);
int __wrap_setpriority(__priority_which_t which, id_t who, int value)
{
	assert_int_equal(which, PRIO_PROCESS);
	assert_int_equal(who, 0);
	return trace_call("nice %d", value);
}

int __wrap_sched_setscheduler(pid_t pid, int wanted, const struct sched_param *param);
int __wrap_sched_setscheduler(pid_t pid, int wanted, const struct sched_param *param)
{
	assert_int_equal(pid, 0);
	assert_int_equal(param->sched_priority, 0);
	if (trace_call("policy %#x", (unsigned int)wanted) < 0)
		return -1;
	policy = wanted;
	return 0;
}

int __wrap_sched_getscheduler(pid_t pid);
int __wrap_sched_getscheduler(pid_t pid)
{
	assert_int_equal(pid, 0);
	return policy;
}

static int setup(void **state)
{
	policy = SCHED_OTHER;
	trace_reset(0, 0);
	return 0;
}

/* Children start as ever. */
static void taken_and_left(void **state)
{
	priority_take();
	assert_string_equal(traced.text, "nice -20\npolicy 0x40000000\n");
	trace_reset(0, 0);
	priority_leave();
	assert_string_equal(traced.text, "policy 0\nnice 0\n");
	assert_int_equal(policy, SCHED_OTHER);
}

/* In a container: what was not taken is not changed either. */
static void not_allowed(void **state)
{
	trace_reset(1, EACCES);
	priority_take();
	priority_leave();
	assert_string_equal(traced.text, "nice -20\n");
}

static void raised(void **state)
{
	priority_raise();
	assert_string_equal(traced.text, "nice -20\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(taken_and_left, setup),
		cmocka_unit_test_setup(not_allowed, setup),
		cmocka_unit_test_setup(raised, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
