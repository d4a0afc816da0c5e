/* SPDX-License-Identifier: MIT */
/* test-diskstats: what the disks have written, in the kernel's words. */
#include "base/file.h"
#include "shutdown/diskstats.h"
#include "unit/scratch.h"

/* Linux 6.12; before 4.18 a line ended after eleven numbers. */
static const char text[] =
	" 254       0 vda 5208 1311 337266 2107 1107 1044 35210 741 0 2412 2937 0 0 0 0 120 88\n"
	" 254       1 vda1 5100 1311 330000 2100 1107 1044 35210 741 0 2400 2841\n"
	" 253       0 dm-0 6440 0 330010 2400 2151 0 35212 1100 0 2500 3500 0 0 0 0 0 0\n"
	"\n"
	"bad line\n"
	"   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

static void sums(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(file_mkdir_parents(s->fd, "proc", 0755), 0);
	assert_int_equal(diskstats_written(s->fd), 0);
	scratch_write(s, "proc/diskstats", text, strlen(text));
	assert_int_equal(diskstats_written(s->fd), (35210 + 35210 + 35212) / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sums, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
