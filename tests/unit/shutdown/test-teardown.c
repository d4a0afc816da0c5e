/* SPDX-License-Identifier: MIT */
/*
 * test-teardown: the loop, on recorded machines whose kernel is a directory: the acts, in their workers, take out of it
 * what they take down.
 * wrap: mount_detach mount_lift mount_unmount mount_readonly mount_freeze mount_thaw swap_off loop_clear dm_remove
 * wrap: dm_resume md_stop holders_end sysrq_press patience_is_over log_line
 */
#include "base/clock.h"
#include "base/log.h"
#include "shutdown/patience.h"
#include "shutdown/run.h"
#include "unit/shutdown/kernel.h"

/* Nobody wants to wait for five seconds: it is over when the level's own act has been done to the stubborn one. */
bool __real_patience_is_over(const struct patience *p, bool idle, uint64_t now);
bool __wrap_patience_is_over(const struct patience *p, bool idle, uint64_t now);
bool __wrap_patience_is_over(const struct patience *p, bool idle, uint64_t now)
{
	static const char *const awaited[] = {
		[E_PLAIN] = "busy", [E_HOLDERS] = "end holders", [E_FORCE] = "",
		[E_READONLY] = "readonly", [E_FREEZE] = "freeze", [E_SYSRQ] = "freeze",
	};
	const char *trace = read_trace();

	if (slow)
		return strstr(trace, "flush dm-1\n") && !strstr(trace, "remove dm-1\n");
	if (!stubborn || !strstr(trace + seen, awaited[p->level]))
		return __real_patience_is_over(p, idle, now);
	seen = strlen(trace);
	return true;
}

void __wrap_log_line(int level, const char *fmt, ...);
void __wrap_log_line(int level, const char *fmt, ...)
{
}

static struct run begin(void **state, const char *recorded)
{
	room = *state;
	stubborn = NULL;
	freezes = loses = slow = false;
	seen = 0;
	recorded_load(room, recorded);
	scratch_write(room, "trace", "", 0);
	return (struct run){
		.root = room->fd,
		.machine = true,
		.start = clock_monotonic(),
		.deadline = clock_monotonic() + 90 * USEC_PER_SEC,
	};
}

static void end(struct run *run)
{
	snapshot_free(&run->last);
	tried_free(&run->tried);
	strv_free(run->ours);
}

/* Each of these was done once, and in this order; others may have been done between them. */
static void assert_order(const char *const *lines, size_t n)
{
	const char *trace = read_trace();
	size_t before = 0;

	for (size_t i = 0; i < n; i++) {
		const char *found = strstr(trace, lines[i]);
		size_t at = found ? (size_t)(found - trace) : 0;

		if (!found || at < before || strstr(trace + at + 1, lines[i]))
			fail_msg("not once, or too early: %s in\n%s", lines[i], trace);
		before = at;
	}
}

static size_t left(const struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->last.n; i++)
		n += node_is_left(&run->last, i);
	return n;
}

static void lvm_on_luks_on_md(void **state)
{
	static const char *const root[] = { "detach /oldroot/dev\n", "unmount /oldroot\n", "remove dm-1\n",
					    "remove dm-0\n", "stop md127\n" };
	static const char *const swap[] = { "swapoff /oldroot/dev/mapper/vg-swap\n", "remove dm-2\n",
					    "remove dm-0\n" };
	struct run run = begin(state, "lvm-on-luks-on-md");

	tear_down(&run);
	assert_order(root, ARRAY_SIZE(root));
	assert_order(swap, ARRAY_SIZE(swap));
	assert_int_equal(left(&run), 0);
	assert_int_equal(run.escalation, 0);
	assert_false(run.lost);
	end(&run);
}

static void btrfs_before_both_its_devices(void **state)
{
	static const char *const one[] = { "detach /oldroot/proc\n", "unmount /oldroot\n", "remove dm-0\n" };
	static const char *const other[] = { "unmount /oldroot\n", "remove dm-1\n" };
	struct run run = begin(state, "btrfs-on-two-luks");

	tear_down(&run);
	assert_order(one, ARRAY_SIZE(one));
	assert_order(other, ARRAY_SIZE(other));
	assert_int_equal(left(&run), 0);
	end(&run);
}

static void a_container_after_its_array(void **state)
{
	static const char *const order[] = { "unmount /oldroot\n", "stop md126\n", "stop md127\n" };
	struct run run = begin(state, "md-external");

	tear_down(&run);
	assert_order(order, ARRAY_SIZE(order));
	assert_int_equal(left(&run), 0);
	end(&run);
}

static void a_root_on_a_loop_on_what_is_below_it(void **state)
{
	static const char *const order[] = { "lift /oldroot/lower\n", "unmount /oldroot\n", "clear loop0\n",
					     "unmount /run/held\n" };
	struct run run = begin(state, "root-on-loop");

	tear_down(&run);
	assert_order(order, ARRAY_SIZE(order));
	assert_int_equal(left(&run), 0);
	end(&run);
}

/* The whole ladder; freezing works, so it ends there and the file system is left alone from then on. */
static void what_stays_busy_is_frozen(void **state)
{
	static const char *const order[] = { "freeze /oldroot\n" };
	const char *trace;
	struct run run = begin(state, "md-external");

	stubborn = "/oldroot";
	freezes = true;
	tear_down(&run);
	assert_order(order, ARRAY_SIZE(order));
	trace = read_trace();
	assert_true(strstr(trace, "end holders /oldroot\n") < strstr(trace, "readonly /oldroot\n"));
	assert_true(strstr(trace, "readonly /oldroot\n") < strstr(trace, "freeze /oldroot\n"));
	assert_null(strstr(strstr(trace, "freeze /oldroot\n"), "end holders"));
	assert_null(strstr(trace, "su"));
	assert_int_equal(run.escalation, E_FREEZE);
	assert_int_equal(left(&run), 3);
	assert_int_equal(run.tried.n_frozen, 1);
	end(&run);
}

static void what_cannot_be_frozen_gets_the_emergency_keys(void **state)
{
	static const char *const order[] = { "su \n" };
	struct run run = begin(state, "md-external");

	stubborn = "/oldroot";
	tear_down(&run);
	assert_order(order, ARRAY_SIZE(order));
	assert_int_equal(run.escalation, E_SYSRQ);
	end(&run);
}

static void in_a_namespace_devices_of_others_stay(void **state)
{
	struct run run = begin(state, "loop-below-root");
	const char *trace;

	assert_int_equal(file_mkdir_parents(room->fd, "sys/block/dm-7/dm", 0755), 0);
	scratch_write(room, "sys/block/dm-7/dev", "253:7\n", 6);
	scratch_write(room, "sys/block/dm-7/dm/name", "x\n", 2);
	scratch_write(room, "sys/block/dm-7/dm/uuid", "\n", 1);
	scratch_write(room, "sys/block/dm-7/dm/suspended", "0\n", 2);
	run.machine = false;
	tear_down(&run);
	trace = read_trace();
	assert_non_null(strstr(trace, "clear loop1\n"));
	assert_null(strstr(trace, "dm-7"));
	assert_int_equal(left(&run), 0);
	end(&run);
}

static void suspended_devices_are_resumed(void **state)
{
	static const char *const order[] = { "resume dm-0\n" };
	struct run suspended = begin(state, "dm-suspended");
	const char *trace;

	resume_suspended(&suspended);
	assert_order(order, ARRAY_SIZE(order));
	scratch_write(room, "sys/block/dm-0/dm/suspended", "0\n", 2);
	scratch_write(room, "trace", "", 0);
	resume_suspended(&suspended);
	trace = read_trace();
	assert_null(strstr(trace, "resume"));
	end(&suspended);
}

/* No level is left to try, but what is at work has time: a cache may flush for longer than all levels take. */
static void what_is_at_work_is_waited_for(void **state)
{
	struct run run = begin(state, "lvm-on-luks-on-md");

	slow = true;
	tear_down(&run);
	assert_int_equal(left(&run), 0);
	assert_false(run.lost);
	end(&run);
}

/* Each superblock once; none in a namespace, where it may be frozen by somebody who still needs that. */
static void frozen_file_systems_are_thawed(void **state)
{
	struct run run = begin(state, "loop-below-root");
	const char *trace;

	resume_suspended(&run);
	trace = read_trace();
	assert_non_null(strstr(trace, "thaw /oldroot\n"));
	assert_null(strstr(trace, "thaw /oldroot/proc"));
	for (const char *line = trace; *line; line = strchr(line, '\n') + 1)
		assert_true(startswith(line, "thaw /oldroot") != NULL);
	scratch_write(room, "trace", "", 0);
	run.machine = false;
	resume_suspended(&run);
	assert_string_equal(read_trace(), "");
	end(&run);
}

/* All is gone, and still not clean. */
static void lost_data_is_not_forgotten(void **state)
{
	struct run run = begin(state, "loop-below-root");

	loses = true;
	tear_down(&run);
	assert_int_equal(left(&run), 0);
	assert_true(run.lost);
	end(&run);
}

/* Nothing can be said then, least of all that it is clean. */
static void without_a_mount_table(void **state)
{
	struct run run = begin(state, "dm-suspended");

	assert_int_equal(unlinkat(room->fd, "proc/self/mountinfo", 0), 0);
	tear_down(&run);
	assert_true(run.lost);
	end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lvm_on_luks_on_md, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(btrfs_before_both_its_devices, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_container_after_its_array, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_root_on_a_loop_on_what_is_below_it, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(what_stays_busy_is_frozen, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_frozen_gets_the_emergency_keys, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(in_a_namespace_devices_of_others_stay, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(suspended_devices_are_resumed, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(what_is_at_work_is_waited_for, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(frozen_file_systems_are_thawed, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(lost_data_is_not_forgotten, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(without_a_mount_table, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
