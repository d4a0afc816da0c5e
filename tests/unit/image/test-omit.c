/* SPDX-License-Identifier: MIT */
/* test-omit: which modules a list names. */
#include "image/omit.h"
#include "unit/unit.h"

static void names(void **state)
{
	static const struct {
		const char *word, *path;
		bool named;
	} rows[] = {
		{ "ahci", "kernel/drivers/ata/ahci.ko.xz", true },
		{ "ahc", "kernel/drivers/ata/ahci.ko.xz", false },
		{ "ahci_x", "kernel/drivers/ata/ahci.ko.xz", false },
		{ "snd-hda_intel", "kernel/sound/snd_hda-intel.ko", true },
		{ "virtio_blk", "virtio_blk", true },
		{ "kernel/drivers/ata/", "kernel/drivers/ata/ahci.ko", true },
		{ "kernel/drivers/ata/ah", "kernel/drivers/ata/ahci.ko", true },
		{ "drivers/ata/", "kernel/drivers/ata/ahci.ko", false },
		{ "", "kernel/drivers/ata/ahci.ko", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *list[] = { (char *)"other", (char *)rows[i].word, NULL };

		assert_int_equal(omit_names(list, rows[i].path), rows[i].named);
	}
	assert_false(omit_names(NULL, "kernel/drivers/ata/ahci.ko"));
}

static void refusals(void **state)
{
	assert_true(omit_is_refusal("/bin/true"));
	assert_true(omit_is_refusal("/usr/bin/false || :"));
	assert_true(omit_is_refusal("false;"));
	assert_false(omit_is_refusal("/bin/truely"));
	assert_false(omit_is_refusal("/sbin/modprobe --ignore-install x"));
	assert_false(omit_is_refusal(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(names), cmocka_unit_test(refusals) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
