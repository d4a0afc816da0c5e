/* SPDX-License-Identifier: MIT */
/* test-turn: which modules come before others, and which after all others. */
#include "init/turn.h"

#include "unit/unit.h"

static void what_comes_before(void **state)
{
	static const struct {
		const char *alias, *before;
	} rows[] = {
		/* As qemu's machines have them: of before virtio 1.0, and since. */
		{ "pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00", "virtio:d00000002v00001AF4" },
		{ "pci:v00001AF4d00001042sv00001AF4sd00001100bc01sc00i00", "virtio:d00000002v00001AF4" },
		{ "pci:v00001AF4d00001004sv00001AF4sd00000008bc01sc00i00", "scsi:t-0x00 virtio:d00000008v00001AF4" },
		{ "pci:v00001AF4d00001048sv00001AF4sd00001100bc01sc00i00", "scsi:t-0x00 virtio:d00000008v00001AF4" },
		/* Network, balloon, console, entropy, input. */
		{ "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00", "" },
		{ "pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00", "" },
		{ "pci:v00001AF4d00001002sv00001AF4sd00000005bc00scFFi00", "" },
		{ "pci:v00001AF4d00001043sv00001AF4sd00001100bc07sc80i00", "" },
		{ "pci:v00001AF4d00001044sv00001AF4sd00001100bc00scFFi00", "" },
		{ "pci:v00001AF4d00001052sv00001AF4sd00001100bc09sc80i00", "" },
		/* Somebody else's 1042; qemu's NVMe and AHCI; what is no PCI. */
		{ "pci:v00008086d00001042sv00001AF4sd00001100bc01sc00i00", "" },
		{ "pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02", "" },
		{ "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01", "" },
		{ "virtio:d00000002v00001AF4", "" },
		{ "scsi:t-0x00", "" },
		{ "virtio_pci", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *before[TURN_BEFORE_MAX] = { NULL };
		char text[128] = "";
		bool any = turn_before(rows[i].alias, before);

		for (size_t k = 0; k < ARRAY_SIZE(before) && before[k]; k++)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", k > 0 ? " " : "",
				       before[k]);
		assert_string_equal(text, rows[i].before);
		assert_int_equal(any, *rows[i].before != '\0');
	}
}

static void what_comes_last(void **state)
{
	static const struct {
		const char *alias;
		bool last;
	} rows[] = {
		{ "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01", true },
		{ "pci:v00008086d00007010sv00001AF4sd00001100bc01sc01i80", true },
		{ "pci:v00001095d00003512sv00001095sd00006512bc01sc05i00", true },
		{ "pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02", false },
		{ "pci:v00001AF4d00001042sv00001AF4sd00001100bc01sc00i00", false },
		{ "acpi:bc01sc06:", false },
		{ "ahci", false },
		{ "", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(turn_is_last(rows[i].alias), rows[i].last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_before),
		cmocka_unit_test(what_comes_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
