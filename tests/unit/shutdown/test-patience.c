/* SPDX-License-Identifier: MIT */
/* test-patience: when to try harder, with the clock in hand. */
#include "base/clock.h"
#include "shutdown/patience.h"
#include "unit/shutdown/graph.h"

#define NOW      (100 * USEC_PER_SEC)
#define DEADLINE (190 * USEC_PER_SEC)
#define SECONDS(n) ((uint64_t)(n) * USEC_PER_SEC)

static void one_root(struct snapshot *s, const char *type)
{
	s->machine = true;
	(void)graph_mount(s, 26, 1, "/oldroot", type, makedev(8, 1));
	assert_int_equal(snapshot_link(s), 0);
}

static void progress_is_a_changed_fingerprint(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	struct patience p = patience_begin(NOW, DEADLINE);

	one_root(&s, "ext4");
	s.dirty = 5000;
	assert_true(patience_look(&p, &s, false, NOW));
	assert_false(patience_look(&p, &s, false, NOW + SECONDS(1)));
	assert_int_equal(p.since, NOW);
	string_set(&s.nodes[0].super, "ro");
	assert_true(patience_look(&p, &s, false, NOW + SECONDS(2)));
	assert_int_equal(p.since, NOW + SECONDS(2));
}

static void so_is_a_disk_at_work(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	struct patience p = patience_begin(NOW, DEADLINE);

	one_root(&s, "ext4");
	s.dirty = 5000;
	assert_true(patience_look(&p, &s, false, NOW));
	s.dirty = 4000;
	assert_true(patience_look(&p, &s, false, NOW + SECONDS(1)));
	/* More to write is none, nor is what was less before, nor a little. */
	s.dirty = 9000;
	assert_false(patience_look(&p, &s, false, NOW + SECONDS(2)));
	s.dirty = 4000;
	assert_false(patience_look(&p, &s, false, NOW + SECONDS(3)));
	s.dirty = 3900;
	assert_false(patience_look(&p, &s, false, NOW + SECONDS(4)));
	s.dirty = 3700;
	assert_true(patience_look(&p, &s, false, NOW + SECONDS(5)));
}

/* What goes by no page cache: a cache's metadata, a flush. */
static void so_is_a_disk_that_writes_what_is_tried(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	struct patience p = patience_begin(NOW, DEADLINE);

	one_root(&s, "ext4");
	s.written = 100000;
	assert_true(patience_look(&p, &s, false, NOW));
	assert_false(patience_look(&p, &s, true, NOW + SECONDS(1)));
	s.written += 200;
	assert_false(patience_look(&p, &s, true, NOW + SECONDS(2)));
	s.written += 56;
	assert_true(patience_look(&p, &s, true, NOW + SECONDS(3)));
	assert_int_equal(p.since, NOW + SECONDS(3));
	assert_false(patience_look(&p, &s, true, NOW + SECONDS(4)));
	/* While nothing is tried it is somebody else's, before and after. */
	s.written += 5000;
	assert_false(patience_look(&p, &s, false, NOW + SECONDS(5)));
	assert_false(patience_look(&p, &s, true, NOW + SECONDS(6)));
}

static void it_is_over_after_five_seconds(void **state)
{
	struct patience p = patience_begin(NOW, DEADLINE);

	assert_false(patience_is_over(&p, false, NOW + SECONDS(5) - 1));
	assert_true(patience_is_over(&p, false, NOW + SECONDS(5)));
	/* With nothing to try there is nothing to wait for. */
	assert_true(patience_is_over(&p, true, NOW));
}

static void beyond_the_deadline_it_is_short(void **state)
{
	struct patience p = patience_begin(DEADLINE - 1, DEADLINE);

	assert_false(patience_is_over(&p, false, DEADLINE - 1));
	assert_true(patience_is_over(&p, false, DEADLINE));
	p.level = E_READONLY;
	p.since = DEADLINE;
	assert_false(patience_is_over(&p, false, DEADLINE + SECONDS(2) - 1));
	assert_true(patience_is_over(&p, false, DEADLINE + SECONDS(2)));
}

static int next_level(const struct snapshot *s, int level, uint64_t now)
{
	struct patience p = patience_begin(NOW, DEADLINE);

	p.level = level;
	assert_int_equal(patience_escalate(&p, s, now), 0);
	assert_int_equal(p.since, now);
	return p.level;
}

static void levels_that_add_nothing_are_left_out(void **state)
{
	_cleanup_snapshot_ struct snapshot disk = { 0 }, server = { 0 }, readonly = { 0 }, none = { 0 };

	one_root(&disk, "ext4");
	assert_int_equal(next_level(&disk, E_PLAIN, NOW), E_HOLDERS);
	assert_int_equal(next_level(&disk, E_HOLDERS, NOW), E_READONLY);
	assert_int_equal(next_level(&disk, E_READONLY, NOW), E_FREEZE);
	assert_int_equal(next_level(&disk, E_FREEZE, NOW), E_SYSRQ);
	assert_int_equal(next_level(&disk, E_SYSRQ, NOW), E_SYSRQ + 1);

	one_root(&server, "nfs4");
	assert_int_equal(next_level(&server, E_HOLDERS, NOW), E_FORCE);
	assert_int_equal(next_level(&server, E_READONLY, NOW), E_SYSRQ);

	one_root(&readonly, "ext4");
	string_set(&readonly.nodes[0].super, "ro");
	assert_int_equal(next_level(&readonly, E_HOLDERS, NOW), E_SYSRQ + 1);
	assert_int_equal(next_level(&none, E_PLAIN, NOW), E_SYSRQ + 1);
}

static void beyond_the_deadline_the_gentle_levels_are_left_out(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	one_root(&s, "nfs4");
	assert_int_equal(next_level(&s, E_PLAIN, DEADLINE), E_READONLY);
	assert_int_equal(next_level(&s, E_READONLY, DEADLINE), E_SYSRQ);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(progress_is_a_changed_fingerprint),
		cmocka_unit_test(so_is_a_disk_at_work),
		cmocka_unit_test(so_is_a_disk_that_writes_what_is_tried),
		cmocka_unit_test(it_is_over_after_five_seconds),
		cmocka_unit_test(beyond_the_deadline_it_is_short),
		cmocka_unit_test(levels_that_add_nothing_are_left_out),
		cmocka_unit_test(beyond_the_deadline_the_gentle_levels_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
