/* SPDX-License-Identifier: MIT */
/* test-cause: stories of boots: which span led to which. */
#include "init/cause.h"

#include "base/macro.h"
#include "unit/unit.h"

#define SPAN(k, n, d, from, to) \
	{ .kind = SPAN_##k, .name = (char *)(n), .device = (char *)(d), .start = from, .end = to }
#define NO NULL

struct row {
	struct span span;
	int cause;
};

static void assert_story(const struct row *rows, size_t n)
{
	struct span spans[32];
	const struct profile p = { .spans = spans, .n = n };

	for (size_t i = 0; i < n; i++)
		spans[i] = rows[i].span;
	for (size_t i = 0; i < n; i++)
		if (cause_of(&p, (int)i) != rows[i].cause)
			fail_msg("%s is said to come from %d, not %d", spans[i].name, cause_of(&p, (int)i),
				 rows[i].cause);
}

/* Modules come with the times that their worker took, so later than what they led to. */
static void plain_root(void **state)
{
	static const struct row rows[] = {
		/* 0 */ { SPAN(STAGE, "api", NO, 1, 10), -1 },
		/* 1 */ { SPAN(STAGE, "modules", NO, 11, 20), 0 },
		/* 2 */ { SPAN(STAGE, "root", NO, 21, 100), 1 },
		/* 3 */ { SPAN(WAIT, "root/wait", "vda", 22, 80), 7 },
		/* 4 */ { SPAN(MODULE, "virtio_pci", NO, 22, 40), 1 },
		/* 5 */ { SPAN(DEVICE, "vda", "vda", 58, 58), 6 },
		/* 6 */ { SPAN(MODULE, "virtio_blk", NO, 41, 60), 4 },
		/* 7 */ { SPAN(WORKER, "probe vda", "vda", 62, 79), 5 },
		/* 8 */ { SPAN(STAGE, "root/fsck", "vda", 81, 90), 3 },
		/* 9 */ { SPAN(HELPER, "fsck.ext4 vda", "vda", 82, 89), 7 },
		/* 10 */ { SPAN(STAGE, "root/mount", "vda", 91, 99), 8 },
		/* 11 */ { SPAN(STAGE, "usr", NO, 101, 102), 2 },
		/* 12 */ { SPAN(STAGE, "exec", NO, 103, 0), 11 },
	};

	assert_story(rows, ARRAY_SIZE(rows));
}

/* The driver is built in: the disk was there. */
static void nothing_led_to_it(void **state)
{
	static const struct row rows[] = {
		{ SPAN(DEVICE, "nvme0n1", "nvme0n1", 5, 5), -1 },
		{ SPAN(MODULE, "ext4", NO, 6, 9), -1 },
		{ SPAN(WAIT, "root/wait", NO, 7, 90), -1 },
	};

	assert_story(rows, ARRAY_SIZE(rows));
}

static void luks_and_lvm_by_passphrase(void **state)
{
	static const struct row rows[] = {
		/* 0 */ { SPAN(MODULE, "virtio_blk", NO, 1, 9), -1 },
		/* 1 */ { SPAN(DEVICE, "vda", "vda", 10, 10), 0 },
		/* 2 */ { SPAN(DEVICE, "vda1", "vda1", 11, 11), 0 },
		/* 3 */ { SPAN(WORKER, "probe vda", "vda", 12, 14), 1 },
		/* 4 */ { SPAN(WORKER, "probe vda1", "vda1", 12, 15), 2 },
		/* 5 */ { SPAN(QUESTION, "passphrase for vda1", "vda1", 16, 900), 4 },
		/* Loaded by the kernel's wish meanwhile: it makes no mapping. */
		/* 6 */ { SPAN(MODULE, "dm_crypt", NO, 905, 910), 0 },
		/* 7 */ { SPAN(HELPER, "cryptsetup open vda1", "vda1", 901, 990), 5 },
		/* While that runs still: the kernel tells first. */
		/* 8 */ { SPAN(DEVICE, "dm-0", "dm-0", 980, 980), 7 },
		/* 9 */ { SPAN(WORKER, "probe dm-0", "dm-0", 985, 989), 8 },
		/* 10 */ { SPAN(HELPER, "lvm pvscan dm-0", "dm-0", 991, 995), 9 },
		/* 11 */ { SPAN(HELPER, "lvm activate vg/root", "dm-0", 996, 999), 10 },
		/* 12 */ { SPAN(DEVICE, "dm-1", "dm-1", 1000, 1000), 11 },
		/* 13 */ { SPAN(WORKER, "probe dm-1", "dm-1", 1001, 1002), 12 },
		/* 14 */ { SPAN(WAIT, "root/wait", "dm-1", 15, 1003), 13 },
	};

	assert_story(rows, ARRAY_SIZE(rows));
}

/* What came again under the same name is what counts, and of several tools the one that was begun last. */
static void the_last_counts(void **state)
{
	static const struct row rows[] = {
		/* 0 */ { SPAN(DEVICE, "sda", "sda", 10, 10), -1 },
		/* 1 */ { SPAN(WORKER, "probe sda", "sda", 11, 12), 0 },
		/* 2 */ { SPAN(DEVICE, "sda", "sda", 20, 20), -1 },
		/* 3 */ { SPAN(WORKER, "probe sda", "sda", 21, 22), 2 },
		/* 4 */ { SPAN(HELPER, "mdadm assemble sda", "sda", 23, 40), 3 },
		/* 5 */ { SPAN(HELPER, "mdadm assemble sdb", "sdb", 24, 41), -1 },
		/* 6 */ { SPAN(DEVICE, "md127", "md127", 39, 39), 5 },
		/* 7 */ { SPAN(WORKER, "probe md127", "md127", 42, 0), 6 },
		/* Not from what has not ended. */
		/* 8 */ { SPAN(WAIT, "root/wait", "md127", 5, 43), 6 },
	};

	assert_story(rows, ARRAY_SIZE(rows));
}

/* What is unpacked is for all that waits for it, and nothing else comes from it. */
static void reserve(void **state)
{
	static const struct row rows[] = {
		/* 0 */ { SPAN(MODULE, "virtio_blk", NO, 1, 9), -1 },
		/* 1 */ { SPAN(DEVICE, "vda", "vda", 10, 10), 0 },
		/* 2 */ { SPAN(WORKER, "probe vda", "vda", 11, 14), 1 },
		/* 3 */ { SPAN(WORKER, "unpack reserve", NO, 15, 40), 2 },
		/* 4 */ { SPAN(HELPER, "lvm pvscan vda", "vda", 41, 50), 3 },
		/* 5 */ { SPAN(HELPER, "lvm activate vg/root", "vda", 51, 60), 4 },
		/* 6 */ { SPAN(MODULE, "dm_mod", NO, 42, 45), 3 },
		/* 7 */ { SPAN(DEVICE, "vdb", "vdb", 38, 38), 0 },
		/* 8 */ { SPAN(WORKER, "probe vdb", "vdb", 41, 44), 7 },
		/* 9 */ { SPAN(WAIT, "root/wait", "vdb", 12, 45), 8 },
	};

	assert_story(rows, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_root),
		cmocka_unit_test(nothing_led_to_it),
		cmocka_unit_test(luks_and_lvm_by_passphrase),
		cmocka_unit_test(the_last_counts),
		cmocka_unit_test(reserve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
