/* SPDX-License-Identifier: MIT */
/* test-unserved: of what has no module, storage is told first. */
#include "init/unserved.h"

#include "base/strv.h"
#include "unit/unit.h"

static void unserved_ones_are_described(void **state)
{
	static const struct {
		const char *aliases, *text;
	} rows[] = {
		{ "", NULL },
		{ "pci:v00008086d00002922sv0sd0bc01sc06i01", "pci:v00008086d00002922sv0sd0bc01sc06i01" },
		{ "virtio:d00000002v00001AF4 scsi:t-0x00", "virtio:d00000002v00001AF4, scsi:t-0x00" },
		{ "acpi:PNP0C0C:", "1 device that is no storage" },
		{ "acpi:A: acpi:B:", "2 devices that are no storage" },
		{ "acpi:A: usb:v1d2dc00dsc00dp00ic08isc06ip50in00",
		  "usb:v1d2dc00dsc00dp00ic08isc06ip50in00 and 1 device "
		  "that is no storage" },
		/* A network card and a mouse. */
		{ "pci:v1d2sv3sd4bc02sc00i00 usb:v1p2dc00ic03isc01 virtio:d00000001v00001AF4",
		  "3 devices that are no storage" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strv_ char **aliases = NULL;
		_cleanup_free_ char *text = NULL;

		assert_int_equal(strv_split(&aliases, rows[i].aliases, " "), 0);
		text = unserved_describe(aliases);
		if (!streq_null(text, rows[i].text))
			fail_msg("<%s>: %s", rows[i].aliases, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(unserved_ones_are_described) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
