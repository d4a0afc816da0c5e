/* SPDX-License-Identifier: MIT */
/*
 * test-holders: who keeps a mount or a device from going, and who of them is ended. A /proc made of files.
 * wrap: kill
 */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/strv.h"
#include "shutdown/holders.h"
#include "unit/scratch.h"
#include "unit/shutdown/graph.h"

static char killed[256];
static const struct scratch *room;

static void write_text(const char *path, const char *text)
{
	scratch_write(room, path, text, strlen(text));
}

/* The process is gone at once, from /proc too. */
int __wrap_kill(pid_t pid, int sig);
int __wrap_kill(pid_t pid, int sig)
{
	char path[64];

	(void)snprintf(killed + strlen(killed), sizeof(killed) - strlen(killed), "%d:%d ", pid, sig);
	(void)snprintf(path, sizeof(path), "proc/%d/stat", pid);
	(void)unlinkat(room->fd, path, 0);
	return 0;
}

static void add_process(int pid, const char *comm, unsigned int flags)
{
	char path[64], text[128];

	(void)snprintf(path, sizeof(path), "proc/%d/fd", pid);
	assert_int_equal(file_mkdir_parents(room->fd, path, 0755), 0);
	(void)snprintf(path, sizeof(path), "proc/%d/ns", pid);
	assert_int_equal(file_mkdir_parents(room->fd, path, 0755), 0);
	(void)snprintf(path, sizeof(path), "proc/%d/stat", pid);
	(void)snprintf(text, sizeof(text), "%d (%s) S 1 1 1 0 -1 %u 0\n", pid, comm, flags);
	write_text(path, text);
	(void)snprintf(path, sizeof(path), "proc/%d/status", pid);
	write_text(path, "Name:\tx\nUid:\t0\t0\t0\t0\n");
	(void)snprintf(path, sizeof(path), "proc/%d/cmdline", pid);
	write_text(path, "@x");
	(void)snprintf(path, sizeof(path), "proc/%d/ns/mnt", pid);
	assert_int_equal(symlinkat("mnt:[1]", room->fd, path), 0);
}

static void add_link(int pid, const char *name, const char *to)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "proc/%d/%s", pid, name);
	assert_int_equal(symlinkat(to, room->fd, path), 0);
}

static int setup(void **state)
{
	if (scratch_setup(state) < 0)
		return -1;
	room = *state;
	killed[0] = '\0';
	if (file_mkdir_parents(room->fd, "proc/self/ns", 0755) < 0)
		return -1;
	write_text("us", "");
	return symlinkat("../../us", room->fd, "proc/self/exe") < 0 ||
	       symlinkat("mnt:[1]", room->fd, "proc/self/ns/mnt") < 0;
}

/* Of the file system that the scratch directory is on: what is held by a link into it. */
static struct node here(void)
{
	struct stat st;

	assert_int_equal(fstat(room->fd, &st), 0);
	return (struct node){ .kind = NODE_MOUNT, .name = copy_of("/oldroot"), .dev = st.st_dev, .id = -7 };
}

/* "pid:node " of all that hold one of the nodes. */
static void assert_holders(const struct node *const *nodes, size_t n, const char *expected)
{
	_cleanup_free_ struct holder *list = NULL;
	char text[256] = "";
	size_t count = 0;

	assert_int_equal(holders_find(room->fd, nodes, n, &list, &count), 0);
	for (int pid = 0; pid < 1000; pid++)
		for (size_t i = 0; i < count; i++)
			if (list[i].pid == pid)
				(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d:%zu ", pid,
					       list[i].node);
	assert_string_equal(text, expected);
}

static void by_any_of_its_links(void **state)
{
	struct node mine = here(), other = { .kind = NODE_MOUNT, .dev = makedev(0, 999), .id = -8 };
	const struct node *nodes[] = { &other, &mine };

	add_process(100, "none", 0);
	add_process(101, "cwd", 0);
	add_link(101, "cwd", "../..");
	add_process(102, "root", 0);
	add_link(102, "root", "../..");
	add_process(103, "exe", 0);
	add_link(103, "exe", "../../proc/100/stat");
	add_process(104, "fd", 0);
	add_link(104, "fd/3", "/dev/null");
	add_link(104, "fd/4", "../../../us");
	/* Ourselves: a worker has our program. */
	add_process(105, "shutdown", 0);
	add_link(105, "exe", "../../us");
	add_link(105, "cwd", "../..");
	/* A kernel thread holds nothing in this way. */
	add_process(106, "kworker", 0x00200000);
	add_link(106, "cwd", "../..");
	assert_holders(nodes, 2, "101:1 102:1 103:1 104:1 ");
	node_free(&mine);
}

static void by_a_mapping(void **state)
{
	struct node n = { .kind = NODE_MOUNT, .dev = makedev(0xfd, 0x1f), .id = -7 };
	const struct node *nodes[] = { &n };

	add_process(110, "mapped", 0);
	write_text("proc/110/maps", "7f0000000000-7f0000001000 r-xp 00000000 fd:1f 123     /lib/x\n");
	assert_holders(nodes, 1, "110:0 ");
}

static void maps_by_device(void **state)
{
	const char *maps = "55d0-55d1 r--p 00000000 fe:01 99  /bin/a b\n"
			   "55d2-55d3 rw-p 00000000 00:00 0\n"
			   "garbage\n"
			   "7ffe-7fff rw-p 00000000 00:05 0  [stack]\n"
			   "7fff-8000 r-xp 00000000 103:12 7 (deleted)";

	assert_true(maps_have_dev(maps, makedev(0xfe, 1)));
	assert_true(maps_have_dev(maps, makedev(0x103, 0x12)));
	/* No file: anonymous memory and the stack. */
	assert_false(maps_have_dev(maps, makedev(0, 0)));
	assert_false(maps_have_dev(maps, makedev(0, 5)));
	assert_false(maps_have_dev("", makedev(0, 5)));
}

/* A container's mounts are not ours, the file system is the same. */
static void by_a_mount_namespace(void **state)
{
	struct node n = { .kind = NODE_MOUNT, .dev = makedev(253, 1), .id = -7 };
	const struct node *nodes[] = { &n };

	add_process(120, "same", 0);
	write_text("proc/120/mountinfo", "36 35 253:1 / /x rw - ext4 /dev/dm-1 rw\n");
	add_process(121, "contained", 0);
	assert_int_equal(unlinkat(room->fd, "proc/121/ns/mnt", 0), 0);
	add_link(121, "ns/mnt", "mnt:[2]");
	write_text("proc/121/mountinfo", "36 35 253:1 / /x rw - ext4 /dev/dm-1 rw\n");
	add_process(122, "elsewhere", 0);
	assert_int_equal(unlinkat(room->fd, "proc/122/ns/mnt", 0), 0);
	add_link(122, "ns/mnt", "mnt:[3]");
	write_text("proc/122/mountinfo", "36 35 253:2 / /x rw - ext4 /dev/dm-2 rw\n");
	assert_holders(nodes, 1, "121:0 ");
}

static void a_device_by_its_open_node(void **state)
{
	struct part part = { .name = (char *)(uintptr_t) "loop0p1" };
	struct node loop = { .kind = NODE_DEVICE, .dev = makedev(7, 0), .parts = &part, .n_parts = 1 };
	const struct node *nodes[] = { &loop };
	struct stat st;

	/* Any block device that is there does; without one nothing can be shown. */
	if (stat("/dev/loop0", &st) < 0 || !S_ISBLK(st.st_mode))
		skip();
	add_process(130, "open", 0);
	add_link(130, "fd/3", "/dev/loop0");
	assert_holders(nodes, 1, "130:0 ");
	loop.dev = makedev(7, 99);
	assert_holders(nodes, 1, "");
	part.dev = st.st_rdev;
	assert_holders(nodes, 1, "130:0 ");
}

static void holders_are_ended_and_others_are_not(void **state)
{
	struct node n = here();

	add_process(140, "holder", 0);
	add_link(140, "cwd", "../..");
	add_process(141, "other", 0);
	assert_int_equal(holders_end(room->fd, &n), -EAGAIN);
	assert_string_equal(killed, "140:15 ");
	assert_int_equal(holders_end(room->fd, &n), -ESRCH);
	node_free(&n);
}

static void mdmon_is_never_ended(void **state)
{
	struct node n = here();

	add_process(150, "mdmon", 0);
	add_link(150, "cwd", "../..");
	assert_int_equal(holders_end(room->fd, &n), -EAGAIN);
	assert_string_equal(killed, "");
	node_free(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_any_of_its_links, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(by_a_mapping, setup, scratch_teardown),
		cmocka_unit_test(maps_by_device),
		cmocka_unit_test_setup_teardown(by_a_mount_namespace, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_device_by_its_open_node, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(holders_are_ended_and_others_are_not, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(mdmon_is_never_ended, setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
