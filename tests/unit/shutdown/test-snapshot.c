/* SPDX-License-Identifier: MIT */
/*
 * test-snapshot: reading what machines really showed, down to the plan that follows from it.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "shutdown/snapshot.h"
#include "unit/memory.h"
#include "unit/shutdown/graph.h"
#include "unit/shutdown/recorded.h"

static void load(const struct scratch *scratch, const char *name, struct snapshot *ret)
{
	recorded_load(scratch, name);
	ret->machine = true;
	assert_int_equal(snapshot_read(scratch->fd, ret), 0);
	assert_true(ret->machine);
}

static void swap_and_root_on_lvm_on_luks_on_md(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	const struct node *n;

	load(*state, "lvm-on-luks-on-md", &s);
	n = snapshot_find(&s, NODE_MOUNT, "/oldroot");
	assert_non_null(n);
	assert_string_equal(n->label, "ext4");
	assert_string_equal(n->detail, "/dev/mapper/vg-root");
	assert_int_equal(n->dev, makedev(253, 1));
	assert_false(n->keep);
	assert_true(snapshot_find(&s, NODE_MOUNT, "/")->keep);
	assert_true(snapshot_find(&s, NODE_MOUNT, "/run/initramfs/dev")->keep);
	assert_false(snapshot_find(&s, NODE_MOUNT, "/oldroot/proc")->keep);
	n = snapshot_find(&s, NODE_DEVICE, "dm-0");
	assert_non_null(n);
	assert_string_equal(n->label, "c");
	assert_string_equal(n->state, "live");
	assert_int_equal(n->opened, -1);
	assert_int_equal(strv_length(n->holders), 2);
	n = snapshot_find(&s, NODE_DEVICE, "md127");
	assert_string_equal(n->label, "1.2");
	assert_string_equal(n->detail, "raid1");
	assert_string_equal(n->state, "active");
	/* Loop devices without a file, and disks, are nothing to take down. */
	assert_null(snapshot_find(&s, NODE_DEVICE, "loop0"));
	assert_null(snapshot_find(&s, NODE_DEVICE, "vda"));
	assert_int_equal(s.dirty, 24216);
	assert_int_equal(s.nodes[0].room, 442560);
	assert_plan(&s, E_PLAIN,
		    "/oldroot/run: detach; /oldroot/dev: detach; /oldroot/sys: detach; /oldroot/proc: detach; "
		    "/oldroot/dev/mapper/vg-swap: swapoff");
}

static void add_process(const struct scratch *s, const char *pid, const char *space, const char *mountinfo)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "proc/%s/ns", pid);
	assert_int_equal(file_mkdir_parents(s->fd, path, 0755), 0);
	(void)snprintf(path, sizeof(path), "proc/%s/ns/mnt", pid);
	assert_int_equal(symlinkat(space, s->fd, path), 0);
	(void)snprintf(path, sizeof(path), "proc/%s/mountinfo", pid);
	if (mountinfo)
		scratch_write(s, path, mountinfo, strlen(mountinfo));
}

/* A daemon in a mount namespace of its own keeps the file system in use, and the mapping below. */
static void mounts_of_other_namespaces(void **state)
{
	static const char theirs[] = "91 90 253:1 / / rw - ext4 /dev/mapper/vg-root rw\n"
				     "92 91 253:1 /a /b rw - ext4 /dev/mapper/vg-root rw\n"
				     "93 91 0:20 / /proc rw - proc proc rw\n";
	const struct scratch *scratch = *state;
	_cleanup_snapshot_ struct snapshot s = { .machine = true };
	_cleanup_strv_ char **ours = NULL;

	recorded_load(scratch, "lvm-on-luks-on-md");
	scratch_write(scratch, "proc/self/mountinfo", "1 0 0:1 / / rw - tmpfs none rw\n", 31);
	add_process(scratch, "self", "mnt:[1]", NULL);
	add_process(scratch, "70", "mnt:[1]", theirs);
	add_process(scratch, "71", "mnt:[2]", theirs);
	add_process(scratch, "72", "mnt:[2]", theirs);
	assert_int_equal(snapshot_read(scratch->fd, &s), 0);
	assert_non_null(snapshot_find(&s, NODE_MOUNT, "/proc/71/root/"));
	assert_non_null(snapshot_find(&s, NODE_MOUNT, "/proc/71/root/b"));
	assert_null(snapshot_find(&s, NODE_MOUNT, "/proc/71/root/proc"));
	assert_null(snapshot_find(&s, NODE_MOUNT, "/proc/70/root/"));
	assert_null(snapshot_find(&s, NODE_MOUNT, "/proc/72/root/"));
	assert_plan(&s, E_PLAIN, "/oldroot/dev/mapper/vg-swap: swapoff");
	assert_plan(&s, E_HOLDERS, "/proc/71/root/b: end holders; /oldroot/dev/mapper/vg-swap: swapoff");
	/* A process of a PID namespace may well have the machine's root in a mount namespace of its own. */
	assert_int_equal(snapshot_confine(&s, &ours), 0);
	assert_null(ours);
}

static void external_metadata(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	const struct node *member, *container;

	load(*state, "md-external", &s);
	member = snapshot_find(&s, NODE_DEVICE, "md126");
	container = snapshot_find(&s, NODE_DEVICE, "md127");
	assert_non_null(member);
	assert_non_null(container);
	assert_string_equal(container->state, "inactive");
	assert_true(graph_has_edge(&s, (size_t)(member - s.nodes), (size_t)(container - s.nodes)));
	assert_true(md_is_monitored(member) && !md_is_monitored(container));
	assert_true(md_is_container(container) && !md_is_container(member));
	assert_plan(&s, E_PLAIN, "/oldroot/run: detach; /oldroot/dev: detach; /oldroot/sys: detach; "
				 "/oldroot/proc: detach");
}

/* The root's file lies on a file system that is mounted inside the root. */
static void root_on_a_loop(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	load(*state, "root-on-loop", &s);
	assert_string_equal(snapshot_find(&s, NODE_DEVICE, "loop0")->label, "/oldroot/lower/root.img");
	assert_plan(&s, E_PLAIN,
		    "/oldroot/run: detach; /oldroot/dev: detach; /oldroot/sys: detach; /oldroot/proc: detach; "
		    "/oldroot/lower: lift");
}

static void btrfs_on_two_devices(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	const struct scratch *scratch = *state;

	assert_int_equal(file_mkdir_parents(scratch->fd, "sys/fs/btrfs/features", 0755), 0);
	load(scratch, "btrfs-on-two-luks", &s);
	assert_int_equal(s.n_pools, 1);
	assert_int_equal(strv_length(s.pools[0].devices), 2);
	assert_plan(&s, E_PLAIN,
		    "/oldroot/run: detach; /oldroot/dev: detach; /oldroot/sys: detach; /oldroot/proc: detach");
}

static void loop_below_the_root(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	load(*state, "loop-below-root", &s);
	assert_plan(&s, E_PLAIN,
		    "/oldroot/run: detach; /oldroot/dev: detach; /oldroot/sys: detach; /oldroot/proc: detach; "
		    "/oldroot/mnt: unmount");
}

static void a_suspended_device(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	load(*state, "dm-suspended", &s);
	assert_string_equal(snapshot_find(&s, NODE_DEVICE, "dm-0")->state, "suspended");
}

static void partitions_belong_to_their_device(void **state)
{
	static const char *const dirs[] = { "proc/self", "sys/block/loop3/loop",
					    "sys/block/loop3/loop3p1/holders/dm-7" };
	_cleanup_snapshot_ struct snapshot s = { 0 };
	const struct scratch *scratch = *state;
	const struct node *n;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		assert_int_equal(file_mkdir_parents(scratch->fd, dirs[i], 0755), 0);
	scratch_write(scratch, "proc/self/mountinfo", "", 0);
	scratch_write(scratch, "sys/block/loop3/dev", "7:3\n", 4);
	scratch_write(scratch, "sys/block/loop3/loop/backing_file", "/a b\n", 5);
	scratch_write(scratch, "sys/block/loop3/loop/autoclear", "1\n", 2);
	scratch_write(scratch, "sys/block/loop3/loop3p1/dev", "259:4\n", 6);
	assert_int_equal(snapshot_read(scratch->fd, &s), 0);
	n = snapshot_find(&s, NODE_DEVICE, "loop3");
	assert_non_null(n);
	assert_string_equal(n->label, "/a b");
	assert_string_equal(n->state, "autoclear");
	assert_int_equal(n->n_parts, 1);
	assert_int_equal(n->parts[0].dev, makedev(259, 4));
	assert_true(strv_contains(n->holders, "dm-7"));
}

/* A node that lingers after its array was stopped, a device that is on its way out. */
static void what_is_not_in_use_is_not_there(void **state)
{
	static const char *const dirs[] = { "proc/self", "sys/block/md0/md", "sys/block/dm-0", "sys/block/md1/md" };
	_cleanup_snapshot_ struct snapshot s = { 0 };
	const struct scratch *scratch = *state;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		assert_int_equal(file_mkdir_parents(scratch->fd, dirs[i], 0755), 0);
	scratch_write(scratch, "proc/self/mountinfo", "", 0);
	scratch_write(scratch, "sys/block/md0/dev", "9:0\n", 4);
	scratch_write(scratch, "sys/block/md0/md/array_state", "clear\n", 6);
	scratch_write(scratch, "sys/block/md0/md/metadata_version", "1.2\n", 4);
	scratch_write(scratch, "sys/block/md0/md/level", "raid1\n", 6);
	scratch_write(scratch, "sys/block/md1/dev", "garbage\n", 8);
	assert_int_equal(snapshot_read(scratch->fd, &s), 0);
	assert_int_equal(s.n, 0);
}

static void without_a_mount_table_it_says_so(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	const struct scratch *scratch = *state;

	assert_int_equal(snapshot_read(scratch->fd, &s), -ENOENT);
}

static void every_difference_changes_the_fingerprint(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	const struct scratch *scratch = *state;
	uint64_t before, same;
	struct node *n;

	load(scratch, "lvm-on-luks-on-md", &s);
	before = snapshot_fingerprint(&s);
	assert_int_equal(snapshot_read(scratch->fd, &s), 0);
	same = snapshot_fingerprint(&s);
	assert_int_equal(before, same);
	n = &s.nodes[snapshot_find(&s, NODE_DEVICE, "dm-0") - s.nodes];
	for (size_t i = 0; i < 4; i++) {
		char **field = (char **[]){ &n->name, &n->label, &n->state, &n->super }[i];
		_cleanup_free_ char *was = *field;

		*field = NULL;
		string_set(field, "other");
		assert_true(snapshot_fingerprint(&s) != before);
		free(*field);
		*field = TAKE_PTR(was);
	}
	/* Our own workers open devices: that is no progress. */
	n->opened = 4;
	assert_true(snapshot_fingerprint(&s) == before);
	assert_int_equal(strv_push(&n->holders, "dm-9"), 0);
	assert_true(snapshot_fingerprint(&s) != before);
}

/* The order of fields and of nodes is part of it. */
static void the_fingerprint_knows_where_a_string_ends(void **state)
{
	_cleanup_snapshot_ struct snapshot a = { 0 }, b = { 0 };

	(void)graph_device(&a, "dm-1", 1, "2");
	(void)graph_device(&b, "dm-12", 1, "");
	assert_true(snapshot_fingerprint(&a) != snapshot_fingerprint(&b));
}

static int read_all(void *data)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	const struct scratch *scratch = data;
	int r = mounts_read(scratch->fd, &s);

	if (r == 0)
		r = swaps_read(scratch->fd, &s);
	if (r == 0)
		r = devices_read(scratch->fd, &s);
	if (r == 0)
		r = pools_read(scratch->fd, &s);
	return r == 0 ? snapshot_link(&s) : r;
}

static void without_memory_it_says_so_too(void **state)
{
	recorded_load(*state, "btrfs-on-two-luks");
	assert_true(memory_sweep(read_all, *state) > 20);
}

static void what_the_exitrd_runs_from_is_kept(void **state)
{
	static const struct {
		const char *target;
		bool keep;
	} rows[] = {
		{ "/", true },          { "/proc", true },        { "/oldrooted", true }, { "/oldroot", false },
		{ "/oldroot/proc", false }, { "/run/media", true }, { "/run/disk", false },
		{ "/run/space", false },  { "/proc/sys/fs/binfmt_misc", false },
	};
	_cleanup_snapshot_ struct snapshot s = { 0 };

	/* Its root is kept whatever it is on; of all else only what holds no data. */
	assert_int_equal(mounts_parse("1 0 8:1 / / rw - ext4 x rw\n"
				      "2 1 0:2 / /proc rw - proc x rw\n"
				      "3 1 0:3 / /oldrooted rw - tmpfs x rw\n"
				      "4 1 0:4 / /oldroot rw - tmpfs x rw\n"
				      "5 4 0:5 / /oldroot/proc rw - proc x rw\n"
				      "6 1 0:6 / /run/media rw - tmpfs x rw\n"
				      "7 1 8:2 / /run/disk rw - vfat x rw\n"
				      "8 1 0:7 mnt:[9] /run/space rw - nsfs nsfs rw\n"
				      "9 2 0:8 / /proc/sys/fs/binfmt_misc rw - binfmt_misc none rw\n",
				      &s),
			 0);
	assert_int_equal(s.n, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(s.nodes[i].name, rows[i].target);
		assert_int_equal(s.nodes[i].keep, rows[i].keep);
	}
}

static void swaps_as_the_kernel_lists_them(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };

	assert_int_equal(swaps_parse("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
				     "/dev/dm-1                               partition\t1048572\t\t512\t\t-2\n"
				     "/oldroot/swap\\040file                   file\t\t65532\t\t0\t\t-3\n"
				     "garbage\n\n/x\n/y partition 1\n",
				     &s),
			 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.nodes[0].name, "/dev/dm-1");
	assert_int_equal(s.nodes[0].used, 512);
	assert_false(s.nodes[0].file);
	assert_string_equal(s.nodes[1].name, "/oldroot/swap file");
	assert_true(s.nodes[1].file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(swap_and_root_on_lvm_on_luks_on_md, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(mounts_of_other_namespaces, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(external_metadata, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(root_on_a_loop, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(btrfs_on_two_devices, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(loop_below_the_root, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_suspended_device, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(partitions_belong_to_their_device, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(what_is_not_in_use_is_not_there, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(without_a_mount_table_it_says_so, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(every_difference_changes_the_fingerprint, scratch_setup,
						scratch_teardown),
		cmocka_unit_test(the_fingerprint_knows_where_a_string_ends),
		cmocka_unit_test_setup_teardown(without_memory_it_says_so_too, scratch_setup, scratch_teardown),
		cmocka_unit_test(what_the_exitrd_runs_from_is_kept),
		cmocka_unit_test(swaps_as_the_kernel_lists_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
