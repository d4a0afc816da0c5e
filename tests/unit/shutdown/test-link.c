/* SPDX-License-Identifier: MIT */
/*
 * test-link: what stands on what.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "shutdown/snapshot.h"
#include "unit/memory.h"
#include "unit/shutdown/graph.h"

#define SDA1 makedev(8, 1)
#define DM(n) makedev(253, n)
#define LOOP(n) makedev(7, n)

static void children_stand_on_their_parent(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	/* The kernel lists API mounts that were moved before the root that they are on. */
	size_t proc = graph_mount(&s, 22, 26, "/oldroot/proc", "proc", 0);
	size_t root = graph_mount(&s, 26, 1, "/oldroot", "ext4", SDA1);
	size_t kept = graph_mount(&s, 1, 0, "/", "tmpfs", 0);

	assert_int_equal(snapshot_link(&s), 0);
	assert_true(graph_has_edge(&s, proc, root));
	assert_true(graph_has_edge(&s, root, kept));
	assert_int_equal(s.n_edges, 2);
}

static void stacked_mounts_stand_on_each_other(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	size_t root = graph_mount(&s, 20, 1, "/oldroot", "ext4", SDA1);
	size_t first = graph_mount(&s, 30, 20, "/oldroot/a", "xfs", DM(1));
	size_t second = graph_mount(&s, 31, 30, "/oldroot/a", "xfs", DM(2));

	assert_int_equal(snapshot_link(&s), 0);
	assert_true(graph_has_edge(&s, second, first));
	assert_true(graph_has_edge(&s, first, root));
	assert_false(graph_has_edge(&s, first, second));
}

static void what_hides_a_mount_goes_first_and_so_for_all_inside(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	size_t below, inside, over, beside;

	(void)graph_mount(&s, 20, 1, "/oldroot", "ext4", SDA1);
	below = graph_mount(&s, 30, 20, "/oldroot/a/b", "xfs", DM(1));
	inside = graph_mount(&s, 31, 30, "/oldroot/a/b/c", "xfs", DM(2));
	over = graph_mount(&s, 32, 20, "/oldroot/a", "xfs", DM(3));
	/* Not hidden: the path only begins with the same letters. */
	beside = graph_mount(&s, 33, 20, "/oldroot/ab", "xfs", DM(4));
	assert_int_equal(snapshot_link(&s), 0);
	assert_true(graph_has_edge(&s, over, below));
	assert_true(graph_has_edge(&s, over, inside));
	assert_false(graph_has_edge(&s, over, beside));
	assert_false(graph_has_edge(&s, below, over));
}

static void file_systems_stand_on_devices_and_partitions(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	size_t whole = graph_mount(&s, 30, 20, "/oldroot/a", "ext4", LOOP(0));
	size_t part = graph_mount(&s, 31, 20, "/oldroot/b", "ext4", makedev(259, 1));
	size_t loop0 = graph_device(&s, "loop0", LOOP(0), "/x.img");
	size_t loop1 = graph_device(&s, "loop1", LOOP(1), "/y.img");

	graph_part(&s, loop1, "loop1p1", makedev(259, 1));
	assert_int_equal(snapshot_link(&s), 0);
	assert_true(graph_has_edge(&s, whole, loop0));
	assert_true(graph_has_edge(&s, part, loop1));
	assert_int_equal(s.n_edges, 2);
}

static void devices_stand_on_devices(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	size_t lv = graph_device(&s, "dm-1", DM(1), "vg-root");
	size_t crypt = graph_device(&s, "dm-0", DM(0), "c");
	size_t member = graph_device(&s, "md126", makedev(9, 126), "external:/md127/0");
	size_t readonly = graph_device(&s, "md125", makedev(9, 125), "external:-md127/1");
	size_t container = graph_device(&s, "md127", makedev(9, 127), "external:ddf");
	/* Its name begins with the container's, it is another one. */
	size_t other = graph_device(&s, "md12", makedev(9, 12), "external:imsm");

	graph_holder(&s, crypt, "dm-1");
	graph_holder(&s, member, "dm-0");
	assert_int_equal(snapshot_link(&s), 0);
	assert_true(graph_has_edge(&s, lv, crypt));
	assert_true(graph_has_edge(&s, crypt, member));
	assert_true(graph_has_edge(&s, member, container));
	assert_true(graph_has_edge(&s, readonly, container));
	assert_false(graph_has_edge(&s, member, other));
	assert_int_equal(s.n_edges, 4);
}

static void a_loop_stands_on_the_mount_of_its_file(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	size_t root = graph_mount(&s, 20, 1, "/oldroot", "ext4", SDA1);
	size_t data = graph_mount(&s, 30, 20, "/oldroot/data", "ext4", DM(1));
	size_t bind = graph_mount(&s, 31, 20, "/oldroot/bind", "ext4", DM(1));
	size_t by_path = graph_device(&s, "loop0", LOOP(0), "/oldroot/data/x.img");
	size_t by_dev = graph_device(&s, "loop1", LOOP(1), "/oldroot/data/x.img");
	size_t hidden = graph_device(&s, "loop2", LOOP(2), "/x.img (deleted)");

	s.nodes[by_dev].backing = SDA1;
	s.nodes[hidden].backing = DM(1);
	assert_int_equal(snapshot_link(&s), 0);
	/* st_dev unknown: the innermost mount that shows the path. */
	assert_true(graph_has_edge(&s, by_path, data));
	assert_false(graph_has_edge(&s, by_path, root));
	/* The path leads into a mount made later; st_dev says which it really is. */
	assert_true(graph_has_edge(&s, by_dev, root));
	assert_false(graph_has_edge(&s, by_dev, data));
	/* No path leads to it: every mount of that device is meant. */
	assert_true(graph_has_edge(&s, hidden, data));
	assert_true(graph_has_edge(&s, hidden, bind));
	assert_false(graph_has_edge(&s, hidden, root));
}

static void swaps_are_known_by_any_name_of_their_device(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	size_t root = graph_mount(&s, 20, 1, "/oldroot", "ext4", SDA1);
	size_t swap = graph_device(&s, "dm-2", DM(2), "vg-swap");
	size_t loop = graph_device(&s, "loop1", LOOP(1), "/oldroot/x.img");
	size_t kernel_name = graph_swap(&s, "/dev/dm-2", false);
	size_t node = graph_swap(&s, "/oldroot/dev/mapper/vg-swap", false);
	size_t detached = graph_swap(&s, "/dm-2", false);
	size_t part = graph_swap(&s, "/dev/loop1p1", false);
	size_t plain = graph_swap(&s, "/dev/vda2", false);
	size_t file = graph_swap(&s, "/oldroot/dm-2", true);

	graph_part(&s, loop, "loop1p1", makedev(259, 1));
	assert_int_equal(snapshot_link(&s), 0);
	assert_true(graph_has_edge(&s, kernel_name, swap));
	assert_true(graph_has_edge(&s, node, swap));
	assert_true(graph_has_edge(&s, detached, swap));
	assert_true(graph_has_edge(&s, part, loop));
	assert_true(graph_has_edge(&s, file, root));
	assert_false(graph_has_edge(&s, file, swap));
	assert_int_equal(node_standing(&s, plain).lowers, 0);
	assert_int_equal(s.n_edges, 6);
}

static void a_circle_of_parents_ends(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	(void)graph_mount(&s, 30, 31, "/oldroot/a", "ext4", 0);
	(void)graph_mount(&s, 31, 30, "/oldroot/a/b", "ext4", 0);
	(void)graph_mount(&s, 32, 30, "/oldroot/a/b/c", "ext4", 0);
	(void)graph_mount(&s, 33, 33, "/", "ext4", 0);
	assert_int_equal(snapshot_link(&s), 0);
	for (size_t i = 0; i < s.n; i++)
		assert_false(graph_has_edge(&s, i, i));
}

/* Its mount has a device number of its own, and one source. */
static void btrfs_stands_on_all_its_devices(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	size_t root = graph_mount(&s, 20, 1, "/oldroot", "btrfs", makedev(0, 99));
	size_t other = graph_mount(&s, 21, 20, "/oldroot/other", "btrfs", makedev(0, 98));
	size_t xfs = graph_mount(&s, 22, 20, "/oldroot/xfs", "xfs", makedev(8, 1));
	size_t c1 = graph_device(&s, "dm-0", DM(0), "c1"), c2 = graph_device(&s, "dm-1", DM(1), "c2");
	size_t loop = graph_device(&s, "loop0", LOOP(0), "/elsewhere/x.img");

	graph_part(&s, loop, "loop0p2", makedev(259, 2));
	s.pools = calloc(2, sizeof(*s.pools));
	s.n_pools = 2;
	assert_int_equal(strv_push(&s.pools[0].devices, "dm-0"), 0);
	assert_int_equal(strv_push(&s.pools[0].devices, "dm-1"), 0);
	assert_int_equal(strv_push(&s.pools[1].devices, "loop0p2"), 0);
	string_set(&s.nodes[root].detail, "/dev/mapper/c2");
	string_set(&s.nodes[other].detail, "/dev/loop0p2");
	string_set(&s.nodes[xfs].detail, "/dev/dm-0");
	assert_int_equal(snapshot_link(&s), 0);
	assert_true(graph_has_edge(&s, root, c1));
	assert_true(graph_has_edge(&s, root, c2));
	assert_false(graph_has_edge(&s, root, loop));
	assert_true(graph_has_edge(&s, other, loop));
	assert_false(graph_has_edge(&s, other, c1));
	/* Of other file systems the device number tells it. */
	assert_int_equal(node_standing(&s, xfs).lowers, 1);
}

/* In a PID namespace. */
static void only_what_stands_below_our_mounts_is_ours(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_strv_ char **ours = NULL;
	size_t loop1;

	(void)graph_mount(&s, 1, 0, "/", "ext4", DM(9));
	(void)graph_mount(&s, 30, 1, "/oldroot", "ext4", DM(1));
	(void)graph_swap(&s, "/dev/dm-1", false);
	(void)graph_device(&s, "dm-1", DM(1), "mine");
	loop1 = graph_device(&s, "loop1", LOOP(1), "/x.img");
	(void)graph_device(&s, "loop2", LOOP(2), "/y.img");
	/* Below what the namespace runs from, which is not taken down. */
	(void)graph_device(&s, "dm-9", DM(9), "host");
	graph_holder(&s, loop1, "dm-1");
	assert_int_equal(snapshot_link(&s), 0);
	assert_int_equal(snapshot_confine(&s, &ours), 0);
	assert_int_equal(strv_length(ours), 2);
	assert_non_null(snapshot_find(&s, NODE_DEVICE, "dm-1"));
	assert_non_null(snapshot_find(&s, NODE_DEVICE, "loop1"));
	assert_null(snapshot_find(&s, NODE_DEVICE, "loop2"));
	assert_null(snapshot_find(&s, NODE_DEVICE, "dm-9"));
	assert_null(snapshot_find(&s, NODE_SWAP, "/dev/dm-1"));
	assert_int_equal(s.n, 4);
}

static bool is_mount(const struct node *n, void *data)
{
	return n->kind == NODE_MOUNT;
}

static void what_was_ours_stays_ours_when_the_mount_is_gone(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_strv_ char **ours = NULL;

	(void)graph_mount(&s, 30, 1, "/oldroot", "ext4", DM(1));
	(void)graph_device(&s, "dm-1", DM(1), "mine");
	assert_int_equal(snapshot_link(&s), 0);
	assert_int_equal(snapshot_confine(&s, &ours), 0);
	snapshot_drop(&s, is_mount, NULL);
	assert_int_equal(snapshot_link(&s), 0);
	assert_int_equal(snapshot_confine(&s, &ours), 0);
	assert_non_null(snapshot_find(&s, NODE_DEVICE, "dm-1"));
}

static int link_all(void *data)
{
	struct snapshot *s = data;

	free(s->edges);
	s->edges = NULL;
	s->edges_room = s->n_edges = 0;
	return snapshot_link(s);
}

static void without_memory_it_says_so(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	(void)graph_mount(&s, 20, 1, "/oldroot", "ext4", SDA1);
	(void)graph_mount(&s, 30, 20, "/oldroot/a", "ext4", LOOP(0));
	(void)graph_device(&s, "loop0", LOOP(0), "/oldroot/x.img");
	assert_int_equal(memory_sweep(link_all, &s), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_stand_on_their_parent),
		cmocka_unit_test(stacked_mounts_stand_on_each_other),
		cmocka_unit_test(what_hides_a_mount_goes_first_and_so_for_all_inside),
		cmocka_unit_test(file_systems_stand_on_devices_and_partitions),
		cmocka_unit_test(devices_stand_on_devices),
		cmocka_unit_test(a_loop_stands_on_the_mount_of_its_file),
		cmocka_unit_test(swaps_are_known_by_any_name_of_their_device),
		cmocka_unit_test(btrfs_stands_on_all_its_devices),
		cmocka_unit_test(a_circle_of_parents_ends),
		cmocka_unit_test(only_what_stands_below_our_mounts_is_ours),
		cmocka_unit_test(what_was_ours_stays_ours_when_the_mount_is_gone),
		cmocka_unit_test(without_memory_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
