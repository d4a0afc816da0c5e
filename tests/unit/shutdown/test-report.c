/* SPDX-License-Identifier: MIT */
/*
 * test-report: the last line, byte for byte, since machines read it.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "shutdown/report.h"
#include "unit/memory.h"
#include "unit/shutdown/graph.h"

static void assert_line(const struct report *r, const char *expected)
{
	_cleanup_free_ char *line = NULL;

	assert_int_equal(report_line(r, &line), 0);
	assert_string_equal(line, expected);
}

static void nothing_is_left(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	struct report r = { .left = &s, .verb = "poweroff", .ms = 123, .holders = "" };

	(void)graph_mount(&s, 1, 0, "/", "tmpfs", 0);
	(void)graph_mount(&s, 2, 1, "/proc", "proc", 0);
	assert_int_equal(snapshot_link(&s), 0);
	assert_true(report_is_clean(&r));
	assert_line(&r, "slipway-shutdown: result=clean verb=poweroff ms=123 escalation=0 mounts=0 swaps=0 loop=0 "
			"dm=0 md=0 left= holders=");
}

static void all_kinds_are_left(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	struct report r = {
		.left = &s, .verb = "reboot", .ms = 90000, .escalation = 5, .holders = "plymouthd:17,a\\040b:18"
	};

	(void)graph_mount(&s, 1, 0, "/", "tmpfs", 0);
	(void)graph_mount(&s, 20, 1, "/oldroot", "ext4", makedev(253, 1));
	(void)graph_mount(&s, 21, 20, "/oldroot/a b,c\\\t\xc3\xbc", "nfs", 0);
	(void)graph_mount(&s, 22, 20, "/oldroot/run", "tmpfs", 0);
	(void)graph_swap(&s, "/dev/dm-2", false);
	(void)graph_device(&s, "dm-1", makedev(253, 1), "vg-root");
	(void)graph_device(&s, "dm-2", makedev(253, 2), "vg-swap");
	(void)graph_device(&s, "loop0", makedev(7, 0), "/oldroot/x");
	(void)graph_device(&s, "md127", makedev(9, 127), "1.2");
	assert_int_equal(snapshot_link(&s), 0);
	assert_false(report_is_clean(&r));
	assert_line(&r, "slipway-shutdown: result=dirty verb=reboot ms=90000 escalation=5 mounts=3 swaps=1 loop=1 "
			"dm=2 md=1 left=/oldroot,/oldroot/a\\040b\\054c\\134\\011\\303\\274,/oldroot/run,/dev/dm-2,"
			"dm-1,dm-2,loop0,md127 holders=plymouthd:17,a\\040b:18");
}

/* It keeps nothing from going, and what is in it is worth nothing. */
static void a_swap_on_a_plain_partition_is_clean(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	struct report r = { .left = &s, .verb = "halt", .holders = "" };

	(void)graph_swap(&s, "/dev/vda2", false);
	assert_int_equal(snapshot_link(&s), 0);
	assert_line(&r, "slipway-shutdown: result=clean verb=halt ms=0 escalation=0 mounts=0 swaps=1 loop=0 dm=0 "
			"md=0 left= holders=");
}

static void lost_data_is_dirty_with_nothing_left(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	struct report r = { .left = &s, .lost = true, .verb = "kexec", .holders = "" };

	assert_line(&r, "slipway-shutdown: result=dirty verb=kexec ms=0 escalation=0 mounts=0 swaps=0 loop=0 dm=0 "
			"md=0 left= holders=");
}

static void long_lists_end_between_two_items(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	_cleanup_free_ char *line = NULL, *holders = NULL;
	struct report r = { .left = &s, .verb = "poweroff" };
	const char *left, *end;
	char name[32];
	int named = 0;

	for (int i = 100; i < 400; i++) {
		(void)snprintf(name, sizeof(name), "dm-%d", i);
		(void)graph_device(&s, name, makedev(253, (unsigned int)i), "x");
		assert_int_equal(report_item(&holders, name), 0);
	}
	r.holders = holders;
	assert_int_equal(snapshot_link(&s), 0);
	assert_int_equal(report_line(&r, &line), 0);
	assert_true(strlen(line) < 960);
	assert_non_null(strstr(line, " dm=300 "));
	left = strstr(line, " left=") + strlen(" left=");
	end = strchr(left, ' ');
	for (const char *p = left; p < end; p++)
		named += *p == ',';
	(void)snprintf(name, sizeof(name), ",+%d holders=", 300 - named);
	assert_int_equal(strncmp(strrchr(line, ' ') - strlen(name) + strlen(" holders="), name, 2), 0);
	assert_non_null(strstr(line, name));
	/* A whole item before it: "dm-" and three digits. */
	assert_int_equal(strncmp(strstr(line, name) - 7, ",dm-", 4), 0);
}

static void an_item_longer_than_the_list(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	struct report r = { .left = &s, .verb = "poweroff", .holders = "" };
	char path[600] = "/";

	memset(path + 1, 'x', sizeof(path) - 2);
	(void)graph_mount(&s, 20, 1, path, "ext4", 0);
	assert_int_equal(snapshot_link(&s), 0);
	assert_line(&r, "slipway-shutdown: result=dirty verb=poweroff ms=0 escalation=0 mounts=1 swaps=0 loop=0 dm=0 "
			"md=0 left=+1 holders=");
}

static int write_line(void *data)
{
	_cleanup_free_ char *line = NULL;

	return report_line(data, &line);
}

static void without_memory_it_says_so(void **state)
{
	_cleanup_snapshot_ struct snapshot s = { 0 };
	struct report r = { .left = &s, .verb = "poweroff", .holders = "a:1" };

	(void)graph_mount(&s, 20, 1, "/oldroot", "ext4", 0);
	assert_int_equal(snapshot_link(&s), 0);
	assert_true(memory_sweep(write_line, &r) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(all_kinds_are_left),
		cmocka_unit_test(a_swap_on_a_plain_partition_is_clean),
		cmocka_unit_test(lost_data_is_dirty_with_nothing_left),
		cmocka_unit_test(long_lists_end_between_two_items),
		cmocka_unit_test(an_item_longer_than_the_list),
		cmocka_unit_test(without_memory_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
