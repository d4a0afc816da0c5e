/* SPDX-License-Identifier: MIT */
/*
 * test-disks: the last sync: waited for as long as something is written, and no longer than there is time.
 * wrap: sync poll clock_monotonic log_errno
 */
#include <poll.h>

#include "base/clock.h"
#include "base/file.h"
#include "shutdown/run.h"
#include "unit/scratch.h"

#define BEGAN (1000 * USEC_PER_SEC)

static uint64_t now;
static bool hangs;
static unsigned int dirty;
static unsigned int step; /* what is written between two looks */
static const struct scratch *room;
static int errors;

/* Runs in the worker. */
void __wrap_sync(void);
void __wrap_sync(void)
{
	while (hangs)
		(void)pause();
}

uint64_t __wrap_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void)
{
	return now;
}

static void show_dirty(void)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "MemTotal: 1 kB\nDirty: %u kB\nWriteback: 7 kB\n", dirty);
	scratch_write(room, "proc/meminfo", text, strlen(text));
}

/* Time passes here, but for a worker that ends by itself. */
int __real_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
	if (!hangs)
		return __real_poll(fds, n, ms);
	now += (uint64_t)MAX(ms, 1) * USEC_PER_MSEC;
	dirty = dirty > step ? dirty - step : 0;
	show_dirty();
	return 0;
}

int __wrap_log_errno(int r, const char *fmt, ...);
int __wrap_log_errno(int r, const char *fmt, ...)
{
	errors++;
	return r;
}

static struct run begin(const struct scratch *s, bool hang, unsigned int written)
{
	room = s;
	now = BEGAN;
	hangs = hang;
	dirty = 1000000;
	step = written;
	errors = 0;
	assert_int_equal(file_mkdir_parents(s->fd, "proc", 0755), 0);
	show_dirty();
	return (struct run){ .root = s->fd, .deadline = BEGAN + 90 * USEC_PER_SEC };
}

static void usually_it_ends(void **state)
{
	struct run run = begin(*state, false, 0);

	sync_disks(&run);
	assert_false(run.lost);
	assert_int_equal(errors, 0);
}

static void a_dead_disk_costs_thirty_seconds(void **state)
{
	struct run run = begin(*state, true, 0);

	sync_disks(&run);
	assert_true(run.lost);
	assert_int_equal(errors, 1);
	assert_in_range(now, BEGAN + 30 * USEC_PER_SEC, BEGAN + 33 * USEC_PER_SEC);
}

static void a_slow_one_gets_all_the_time_there_is(void **state)
{
	struct run run = begin(*state, true, 100);

	sync_disks(&run);
	assert_true(run.lost);
	assert_in_range(now, BEGAN + 90 * USEC_PER_SEC, BEGAN + 93 * USEC_PER_SEC);
}

static void beyond_the_deadline_there_are_five_seconds(void **state)
{
	struct run run = begin(*state, true, 100);

	run.deadline = BEGAN - 1;
	sync_disks(&run);
	assert_true(run.lost);
	assert_in_range(now, BEGAN + 5 * USEC_PER_SEC, BEGAN + 8 * USEC_PER_SEC);
}

/* What was frozen was written; sync(2) might wait for its thaw. */
static void nothing_is_synced_after_a_freeze(void **state)
{
	struct run run = begin(*state, true, 0);
	_cleanup_(tried_free) struct tried tried = { 0 };

	assert_int_equal(tried_freeze(&tried, 1), 0);
	run.tried = tried;
	sync_disks(&run);
	assert_false(run.lost);
	assert_int_equal(now, BEGAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(usually_it_ends, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_dead_disk_costs_thirty_seconds, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_slow_one_gets_all_the_time_there_is, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(beyond_the_deadline_there_are_five_seconds, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(nothing_is_synced_after_a_freeze, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
