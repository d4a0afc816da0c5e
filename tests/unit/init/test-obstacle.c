/* SPDX-License-Identifier: MIT */
/* test-obstacle: why the root is not there yet, in words. */
#include "base/macro.h"
#include "init/obstacle.h"
#include "unit/story.h"

#define T(s) ((char *)(s))
#define ON(...) .slaves = (char **)(const char *[]){ __VA_ARGS__, NULL }
#define DEVICE(n, t, ...) { .name = T(n), .devname = T(n), .probe = PROBE_DONE, .tags.type = T(t), __VA_ARGS__ }
#define DID(n, what, ...) { .subject = T(n), .action = ACTION_##what, __VA_ARGS__ }

#define A_VOLUME(id, ...) .volumes_n = 1, .volumes = (struct volume[]){ \
	{ .source = { .kind = SPEC_UUID, .text = T("UUID=" id), .value = T(id) }, __VA_ARGS__ } }

#define ON_STICK(p) { .path = T(p), .device = { .kind = SPEC_LABEL, .value = T("stick"), .text = T("LABEL=stick") } }

static const struct row {
	struct device devices[3];
	struct attempt tried[2];
	struct boot boot;
	const char *root; /* below /dev; NULL: by a UUID */
	const char *told;
} rows[] = {
	{ .told = "" },
	{ .devices = { DEVICE("vda1", "ext4") }, .told = "" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS") }, .tried = { DID("vda2", ASK, .running = true) },
	  .told = "vda2 is a LUKS container: its passphrase is being asked for" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS") }, .tried = { DID("vda2", UNLOCK, .running = true) },
	  .told = "vda2 is a LUKS container: it is being opened" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS") }, .tried = { DID("vda2", UNLOCK, .failed = 3) },
	  .told = "vda2 is a LUKS container: no passphrase fitted" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS") }, .boot = { .luks = true, A_VOLUME("c") },
	  .told = "vda2 is a LUKS container: neither rd.luks.uuid= nor crypttab name it; "
		  "no LUKS container UUID=c is there" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS", .tags.uuid = T("C")), DEVICE("dm-0", "ext4", ON("vda2")) },
	  .boot = { .luks = true, A_VOLUME("c") }, .told = "" },
	{ .boot = { A_VOLUME("c") }, .told = "" },
	{ .devices = { DEVICE("vda", "crypto_LUKS", .tags.uuid = T("d")),
		       DEVICE("vdb", "crypto_LUKS", .tags.uuid = T("d")),
		       DEVICE("dm-0", "ext4", ON("vda")) },
	  .boot = { .luks = true },
	  .told = "vda and vdb are copies of one another (crypto_LUKS UUID=d): one is in use, "
		  "the other is left alone" },
	{ .devices = { DEVICE("vda", "linux_raid_member", .tags.uuid = T("m"), .tags.sub_uuid = T("1")),
		       DEVICE("vdb", "linux_raid_member", .tags.uuid = T("m"), .tags.sub_uuid = T("1")) },
	  .told = "vda and vdb are copies of one another (linux_raid_member UUID=m): neither is used" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS"), DEVICE("vdb2", "crypto_LUKS") }, .boot = { .luks = true },
	  .told = "vda2 is a LUKS container: which of them to open, rd.luks.uuid= would say; "
		  "vdb2 is a LUKS container: which of them to open, rd.luks.uuid= would say" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS") }, .tried = { DID("vda2", ASK, .failed = 1, .over = true) },
	  .told = "vda2 is a LUKS container: nobody gave its passphrase" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS", .tags.uuid = T("c")) },
	  .boot = { .luks = true, A_VOLUME("c", .headless = true) },
	  .told = "vda2 is a LUKS container: nobody is asked for its passphrase (headless)" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS", .tags.uuid = T("c")) },
	  .boot = { .luks = true, A_VOLUME("c", .noauto = true) },
	  .told = "vda2 is a LUKS container: it is not opened by itself (noauto)" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS") },
	  .told = "vda2 is a LUKS container: rd.luks=0 keeps it closed" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS") }, .boot = { .luks = true, .unnamed.key = ON_STICK("/k") },
	  .told = "vda2 is a LUKS container: its key is waited for on LABEL=stick" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS") }, .boot = { .luks = true, .unnamed.key = ON_STICK("/k") },
	  .tried = { DID("vda2", ASK, .running = true) },
	  .told = "vda2 is a LUKS container: its passphrase is being asked for" },
	{ .devices = { DEVICE("vdb", NULL), DEVICE("vdc", NULL) }, .boot = { .luks = true, .volumes_n = 1,
	  .volumes = (struct volume[]){ { .source = { .kind = SPEC_NAME, .value = T("vdb") },
					  .header = ON_STICK("/h") } } },
	  .told = "vdb is a LUKS container: its header is waited for on LABEL=stick" },
	{ .devices = { DEVICE("vdb", NULL), DEVICE("sda1", "ext4", .tags.label = T("stick"),
	  .tags.usage = T("filesystem")) }, .boot = { .luks = true, .volumes_n = 1,
	  .volumes = (struct volume[]){ { .source = { .kind = SPEC_NAME, .value = T("vdb") },
					  .header = ON_STICK("/h") } } },
	  .tried = { DID("vdb", UNLOCK, .failed = 1) },
	  .told = "vdb is a LUKS container: no passphrase fitted" },
	{ .devices = { DEVICE("vda2", "crypto_LUKS"), DEVICE("dm-0", "ext4", ON("vda2")) }, .told = "" },
	{ .devices = { DEVICE("md127", NULL, .md_level = T("raid5"), .md_state = T("inactive"), ON("vda", "vdb")) },
	  .boot = { .md_degraded = true }, .told = "array md127 lacks members (there are: vda vdb)" },
	{ .devices = { DEVICE("md127", NULL, .md_state = T("inactive"), ON("vda", "vdb")),
		       DEVICE("vda", "linux_raid_member"),
		       DEVICE("vdb", "linux_raid_member", .membership.total = 3) },
	  .boot = { .md_degraded = true }, .told = "array md127 lacks members (2 of 3: vda vdb)" },
	{ .devices = { DEVICE("md127", NULL, .md_level = T("raid5"), .md_state = T("inactive"), ON("vda")) },
	  .told = "array md127 lacks members (there are: vda; rd.md.degraded=0)" },
	{ .devices = { DEVICE("md127", NULL, .md_level = T("container"), .md_state = T("inactive"), ON("vda")) },
	  .told = "" },
	{ .devices = { DEVICE("md127", NULL, .md_level = T("raid1"), .md_state = T("clean"), ON("vda")) }, .told = "" },
	{ .devices = { DEVICE("vda", "LVM2_member", .membership.group = T("vg")),
		       DEVICE("vdb", "LVM2_member", .membership.group = T("vg")) },
	  .told = "volume group vg lacks devices (there are: vda vdb)" },
	{ .devices = { DEVICE("vda", "LVM2_member", .membership.group = T("vg")),
		       DEVICE("vdb", "LVM2_member", .membership = { .group = T("vg"), .complete = true }) },
	  .told = "" },
	{ .devices = { DEVICE("dm-0", "LVM2_member", .membership = { .group = T("vg"), .total = 2 }, ON("md0")),
		       DEVICE("md0", "crypto_LUKS", .md_state = T("clean"), ON("vda", "vdb")) },
	  .told = "volume group vg lacks devices (1 of 2: dm-0 ← md0)" },
	{ .devices = { DEVICE("vda", "LVM2_member", .membership.group = T("vg")) }, .boot = { .lvm = true },
	  .root = "vg/root", .told = "volume group vg lacks devices (there are: vda)" },
	{ .devices = { DEVICE("vda", "LVM2_member", .membership.group = T("v")) }, .boot = { .lvm = true },
	  .root = "vg/root",
	  .told = "no PV of volume group vg is there; volume group v lacks devices (there are: vda)" },
	{ .devices = { DEVICE("vda", "LVM2_member") }, .root = "vg/root", .told = "" },
	{ .boot = { .lvm = true }, .root = "md/root", .told = "" },
	{ .devices = { DEVICE("vda", "LVM2_member", .membership = { .group = T("vg"), .complete = true }),
		       DEVICE("vdb", "LVM2_member", .membership = { .group = T("v"), .complete = true }) },
	  .tried = { DID("vg/root", ACTIVATE, .failed = 1), DID("v", ACTIVATE, .failed = 1, .done = true) },
	  .told = "vg/root could not be activated (its PVs: vda)" },
	{ .boot = { .lvm = true }, .root = "vda1", .told = "" },
	{ .devices = { DEVICE("vda", "btrfs", .tags.uuid = T("b")), DEVICE("vdb", "btrfs", .tags.uuid = T("c")) },
	  .tried = { DID("vda", SCAN, .done = true) }, .told = "btrfs b lacks devices (there are: vda)" },
};

static void told(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct spec root = {
			.kind = rows[i].root ? SPEC_NAME : SPEC_UUID, .value = T(rows[i].root ? rows[i].root : "r"),
		};
		_cleanup_free_ char *text = NULL;
		struct story_tables t;

		STORY_FILL(&t, &rows[i]);
		text = obstacles_describe(&rows[i].boot, &root, &t.devices, &t.attempts);
		assert_string_equal(text, rows[i].told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
