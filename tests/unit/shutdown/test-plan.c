/* SPDX-License-Identifier: MIT */
/*
 * test-plan: what is done now, on graphs made by hand.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "shutdown/plan.h"
#include "unit/memory.h"
#include "unit/shutdown/graph.h"

#define SDA1 makedev(8, 1)
#define DM(n) makedev(253, n)
#define LOOP(n) makedev(7, n)

/* The exitrd: a root on a tmpfs with /proc and /run; ids below 10 are kept. */
static void add_exitrd(struct snapshot *s)
{
	s->machine = true;
	(void)graph_mount(s, 1, 0, "/", "tmpfs", 0);
	(void)graph_mount(s, 2, 1, "/proc", "proc", 0);
	(void)graph_mount(s, 3, 1, "/run", "tmpfs", 0);
}

static void nothing_to_do(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_plan_ struct plan p = { 0 };

	add_exitrd(&s);
	assert_int_equal(snapshot_link(&s), 0);
	for (int level = E_PLAIN; level <= E_SYSRQ; level++)
		assert_plan(&s, level, "");
	assert_int_equal(teardown_plan(&s, E_SYSRQ, &p), 0);
	assert_int_equal(p.left, 0);
	assert_int_equal(p.highest, -1);
	assert_false(p.emergency);
}

static void leaves_only_and_layers_in_their_order(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	size_t dm0, md;

	add_exitrd(&s);
	(void)graph_mount(&s, 22, 26, "/oldroot/proc", "proc", 0);
	(void)graph_mount(&s, 26, 1, "/oldroot", "ext4", DM(1));
	(void)graph_mount(&s, 27, 26, "/oldroot/data", "xfs", SDA1);
	(void)graph_mount(&s, 28, 26, "/oldroot/net", "nfs4", 0);
	(void)graph_swap(&s, "/dev/dm-2", false);
	(void)graph_swap(&s, "/dev/vda9", false);
	(void)graph_device(&s, "dm-1", DM(1), "vg-root");
	(void)graph_device(&s, "dm-2", DM(2), "vg-swap");
	dm0 = graph_device(&s, "dm-0", DM(0), "c");
	md = graph_device(&s, "md127", makedev(9, 127), "1.2");
	(void)graph_device(&s, "loop3", LOOP(3), "/elsewhere.img");
	graph_holder(&s, dm0, "dm-1");
	graph_holder(&s, dm0, "dm-2");
	graph_holder(&s, md, "dm-0");
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_PLAIN,
		    "/oldroot/proc: detach; /oldroot/net: unmount; /oldroot/data: unmount; /dev/dm-2: swapoff; "
		    "loop3: clear");
}

/* Each level adds to what the ones before it do. */
static void levels_of_one_mount(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot", "ext4", SDA1);
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_PLAIN, "/oldroot: unmount");
	assert_plan(&s, E_HOLDERS, "/oldroot: unmount end holders");
	assert_plan(&s, E_FORCE, "/oldroot: unmount end holders");
	assert_plan(&s, E_READONLY, "/oldroot: unmount end holders read-only");
	assert_plan(&s, E_FREEZE, "/oldroot: unmount end holders read-only freeze");
	assert_plan(&s, E_SYSRQ, "/oldroot: unmount end holders read-only freeze");
	string_set(&s.nodes[s.n - 1].super, "ro,errors=remount-ro");
	assert_plan(&s, E_SYSRQ, "/oldroot: unmount end holders");
}

static void only_servers_are_forced(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot/a", "nfs", 0);
	(void)graph_mount(&s, 27, 1, "/oldroot/b", "fuse.sshfs", 0);
	(void)graph_mount(&s, 28, 1, "/oldroot/c", "btrfs", 0);
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_FORCE,
		    "/oldroot/b: unmount end holders force; /oldroot/a: unmount end holders force; "
		    "/oldroot/c: unmount end holders");
}

static void devices_go_when_they_are_let_go(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	size_t dm0;

	add_exitrd(&s);
	(void)graph_device(&s, "dm-1", DM(1), "top");
	dm0 = graph_device(&s, "dm-0", DM(0), "below");
	graph_holder(&s, dm0, "dm-1");
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_READONLY, "dm-1: remove end holders");
	assert_plan(&s, E_FREEZE, "dm-0: deferred remove; dm-1: remove end holders deferred remove");
}

static void a_mount_that_a_loop_needs_is_lifted_out_of_the_tree(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	size_t medium, loop;

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot", "ext4", LOOP(0));
	medium = graph_mount(&s, 27, 26, "/oldroot/medium", "iso9660", SDA1);
	loop = graph_device(&s, "loop0", LOOP(0), "/oldroot/medium/root.img");
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_PLAIN, "/oldroot/medium: lift");

	/* Where it is now nothing is gained by moving it again. */
	s.nodes[medium].parent = 3;
	string_set(&s.nodes[medium].name, "/run/slipway/held/27");
	string_set(&s.nodes[loop].label, "/run/slipway/held/27/root.img");
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_PLAIN, "/oldroot: unmount");
}

static void with_mounts_on_it_nothing_is_detached_or_lifted(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot", "tmpfs", 0);
	(void)graph_mount(&s, 27, 26, "/oldroot/m", "ext4", SDA1);
	(void)graph_mount(&s, 28, 27, "/oldroot/m/n", "ext4", DM(1));
	(void)graph_device(&s, "loop0", LOOP(0), "/oldroot/m/root.img");
	(void)graph_mount(&s, 29, 3, "/run/x", "ext4", LOOP(0));
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_PLAIN, "/run/x: unmount; /oldroot/m/n: unmount");
}

/* It is of memory: the loop keeps what it needs alive, and nothing is lost. */
static void memory_that_a_loop_needs_is_detached(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot", "squashfs", LOOP(0));
	(void)graph_mount(&s, 27, 26, "/oldroot/copy", "tmpfs", 0);
	(void)graph_device(&s, "loop0", LOOP(0), "/oldroot/copy/root.img");
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_PLAIN, "/oldroot/copy: detach");
}

static void a_swap_goes_when_it_is_in_the_way_and_fits(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_plan_ struct plan p = { 0 };
	size_t swap;

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot", "ext4", SDA1);
	swap = graph_swap(&s, "/oldroot/swapfile", true);
	(void)graph_swap(&s, "/dev/sda2", false);
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_PLAIN, "/oldroot/swapfile: swapoff");
	s.nodes[swap].used = s.nodes[swap].room + 1;
	assert_plan(&s, E_PLAIN, "");
	assert_int_equal(teardown_plan(&s, E_PLAIN, &p), 0);
	assert_int_equal(p.left, 2);
}

/* What lies in it could never be written again. */
static void a_file_system_with_a_needed_file_is_not_frozen(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot", "ext4", SDA1);
	(void)graph_swap(&s, "/oldroot/swapfile", true);
	s.nodes[s.n - 1].used = 2000;
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_FREEZE, "/oldroot: read-only");
}

static void one_mount_freezes_and_its_siblings_are_left_alone(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot", "ext4", SDA1);
	(void)graph_mount(&s, 27, 1, "/oldroot2", "ext4", SDA1);
	(void)graph_mount(&s, 28, 1, "/oldroot3", "ext4", DM(1));
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_FREEZE,
		    "/oldroot3: unmount end holders read-only freeze; /oldroot2: unmount end holders read-only freeze");
}

static void hands_off_what_is_frozen(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_plan_ struct plan p = { 0 };

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot", "ext4", SDA1);
	s.nodes[s.n - 1].frozen = true;
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_SYSRQ, "");
	assert_int_equal(teardown_plan(&s, E_SYSRQ, &p), 0);
	assert_int_equal(p.left, 1);
	assert_false(p.emergency);
}

static void what_ran_out_of_time_is_not_done_again(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot", "nfs", 0);
	s.nodes[s.n - 1].spent = E_HOLDERS + 1;
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_HOLDERS, "");
	assert_plan(&s, E_READONLY, "/oldroot: force read-only");
}

static void emergency_only_for_writable_data(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_plan_ struct plan freeze = { 0 }, sysrq = { 0 }, clean = { 0 };
	size_t root;

	add_exitrd(&s);
	root = graph_mount(&s, 26, 1, "/oldroot", "ext4", SDA1);
	(void)graph_mount(&s, 27, 26, "/oldroot/run", "tmpfs", 0);
	assert_int_equal(snapshot_link(&s), 0);
	assert_int_equal(teardown_plan(&s, E_FREEZE, &freeze), 0);
	assert_false(freeze.emergency);
	assert_int_equal(teardown_plan(&s, E_SYSRQ, &sysrq), 0);
	assert_true(sysrq.emergency);
	assert_int_equal(sysrq.highest, E_SYSRQ);
	string_set(&s.nodes[root].super, "ro");
	assert_int_equal(teardown_plan(&s, E_SYSRQ, &clean), 0);
	assert_false(clean.emergency);
}

/* Outside of the namespace somebody may use the same superblock, and the same kernel. */
static void in_a_namespace_superblocks_are_left_alone(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_plan_ struct plan p = { 0 };

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot", "ext4", SDA1);
	(void)graph_device(&s, "dm-0", DM(0), "c");
	s.machine = false;
	assert_int_equal(snapshot_link(&s), 0);
	assert_plan(&s, E_SYSRQ, "/oldroot: unmount end holders; dm-0: remove end holders");
	assert_int_equal(teardown_plan(&s, E_SYSRQ, &p), 0);
	assert_false(p.emergency);
}

static int plan_all(void *data)
{
	_cleanup_plan_ struct plan p = { 0 };

	return teardown_plan(data, E_SYSRQ, &p);
}

static void without_memory_it_says_so(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	add_exitrd(&s);
	(void)graph_mount(&s, 26, 1, "/oldroot", "ext4", SDA1);
	assert_int_equal(snapshot_link(&s), 0);
	assert_int_equal(memory_sweep(plan_all, &s), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_do),
		cmocka_unit_test(leaves_only_and_layers_in_their_order),
		cmocka_unit_test(levels_of_one_mount),
		cmocka_unit_test(only_servers_are_forced),
		cmocka_unit_test(devices_go_when_they_are_let_go),
		cmocka_unit_test(a_mount_that_a_loop_needs_is_lifted_out_of_the_tree),
		cmocka_unit_test(with_mounts_on_it_nothing_is_detached_or_lifted),
		cmocka_unit_test(memory_that_a_loop_needs_is_detached),
		cmocka_unit_test(a_swap_goes_when_it_is_in_the_way_and_fits),
		cmocka_unit_test(a_file_system_with_a_needed_file_is_not_frozen),
		cmocka_unit_test(one_mount_freezes_and_its_siblings_are_left_alone),
		cmocka_unit_test(hands_off_what_is_frozen),
		cmocka_unit_test(what_ran_out_of_time_is_not_done_again),
		cmocka_unit_test(emergency_only_for_writable_data),
		cmocka_unit_test(in_a_namespace_superblocks_are_left_alone),
		cmocka_unit_test(without_memory_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
