/* SPDX-License-Identifier: MIT */
/* test-layer: stories of stacks: MD, and a tower of all; LUKS is in test-layer-luks.c, LVM and btrfs in test-pool.c. */
#include "unit/init/layer-story.h"

static const struct story md[] = {
	{ "a member", "UUID=r", { RAID("vda", "m") }, .step = ACT(ASSEMBLE, "vda") },
	{ "the second member", "UUID=r", { RAID("vda", "m"), RAID("vdb", "m"), ARRAY("md127", "raid1",
	  "inactive", "vda") },
	  { DID("vda", ASSEMBLE, 500) }, .step = ACT(ASSEMBLE, "vdb") },
	{ "given to it, not yet told by the kernel", "UUID=r", { RAID("vda", "m") }, { TOLD, DID("vda",
	  ASSEMBLE, 500) },
	  .step = WAIT(90000) },
	{ "it did not want it: once is enough", "UUID=r", { RAID("vda", "m") }, { TOLD, FAILED("vda", ASSEMBLE,
	  1, 500) },
	  .step = WAIT(90000) },
	{ "a member with root's UUID is not root", "UUID=m", { RAID("vda", "m") }, { TOLD, DOES("vda", ASSEMBLE, 500) },
	  .step = WAIT_FOR_NEWS },
	{ "rd.md.uuid= names another", "UUID=r", { RAID("vda", "m") }, { TOLD },
	  .boot = { .md_uuids = LIST("n") }, .step = WAIT(90000) },
	{ "rd.md.uuid= names it", "UUID=r", { RAID("vda", "m") }, .boot = { .md_uuids = LIST("n", "M") },
	  .step = ACT(ASSEMBLE, "vda") },
	{ "rd.md=0", "UUID=r", { RAID("vda", "m") }, { TOLD }, .off = true, .step = WAIT(90000) },
	{ "members are missing: half a minute after the last", "UUID=r",
	  { RAID("vda", "m"), ARRAY("md127", "raid1", "inactive", "vda") }, { TOLD, GIVEN("vda", 500) },
	  .boot = { .md_degraded = true }, .now = 30499, .step = WAIT(30500) },
	{ "then without them", "UUID=r", { RAID("vda", "m"), ARRAY("md127", "raid1", "inactive", "vda") },
	  { TOLD, GIVEN("vda", 500) }, .boot = { .md_degraded = true }, .now = 30500,
	  .step = ACT(START, "md127") },
	{ "one that never ran tells no level", "UUID=r", { RAID("vda", "m"), ARRAY("md127", NULL, "inactive", "vda") },
	  { TOLD, GIVEN("vda", 500) }, .boot = { .md_degraded = true }, .now = 30500,
	  .step = ACT(START, "md127") },
	{ "the last of them counts", "UUID=r",
	  { RAID("vda", "m"), RAID("vdb", "m"), ARRAY("md127", "raid5", "inactive", "vda", "vdb") },
	  { TOLD, GIVEN("vda", 500), GIVEN("vdb", 20500) }, .boot = { .md_degraded = true },
	  .now = 30500,
	  .step = WAIT(50500) },
	{ "rd.md.degraded=0", "UUID=r", { RAID("vda", "m"), ARRAY("md127", "raid1", "inactive", "vda") },
	  { TOLD, GIVEN("vda", 500) }, .now = 60000, .step = WAIT(90000) },
	{ "another's half-built array is left alone", "UUID=r", { RAID("vda", "m"), ARRAY("md127", "raid1",
	  "inactive", "vda") },
	  { TOLD }, .boot = { .md_degraded = true }, .now = 60000, .step = WAIT(90000) },
	{ "it cannot be started: once is enough", "UUID=r", { RAID("vda", "m"), ARRAY("md127", "raid1",
	  "inactive", "vda") },
	  { TOLD, GIVEN("vda", 500), FAILED("md127", START, 1, 31000) }, .boot = { .md_degraded = true },
	  .now = 60000, .step = WAIT(90000) },
	{ "a container whose volumes run", "UUID=r",
	  { ARRAY("md127", "container", "inactive", "vda"), ARRAY("md126", "raid1", "clean", "vda") },
	  { TOLD, GIVEN("vda", 500) }, .boot = { .md_degraded = true }, .now = 60000, .step = WAIT(90000) },
	{ "a container none of whose volumes runs", "UUID=r", { ARRAY("md127", "container", "inactive", "vda") },
	  { TOLD, GIVEN("vda", 500) }, .boot = { .md_degraded = true }, .now = 60000,
	  .step = ACT(START, "md127") },
	{ "a member of an array that still waits: of how many?", "UUID=r",
	  { RAID("vda", "m"), ARRAY("md127", NULL, "inactive", "vda") }, { DID("vda", ASSEMBLE, 500) }, .now = 1500,
	  .step = ACT(SCAN, "vda") },
	{ "not while the others may come at once", "UUID=r",
	  { RAID("vda", "m"), ARRAY("md127", NULL, "inactive", "vda") }, { DID("vda", ASSEMBLE, 500) }, .now = 1499,
	  .step = WAIT(1500) },
	{ "nor of a container, which never runs itself", "UUID=r",
	  { RAID("vda", "m"), ARRAY("md127", "container", "inactive", "vda"),
	    ARRAY("md126", "raid1", "clean", "vda") },
	  { TOLD, DID("vda", ASSEMBLE, 500) }, .now = 1500, .step = WAIT(90000) },
	{ "nor of one that runs", "UUID=r", { RAID("vda", "m"), ARRAY("md127", "raid1", "clean", "vda") },
	  { TOLD, DID("vda", ASSEMBLE, 500) }, .now = 1500, .step = WAIT(90000) },
	{ "two copies of a member: neither", "UUID=r", { MEMBER("vda", "m", "1"), MEMBER("vdb", "m", "1") }, { TOLD },
	  .step = WAIT(90000) },
	{ "a copy of one in use stays out", "UUID=r",
	  { MEMBER("vda", "m", "1"), MEMBER("vdb", "m", "1"), ARRAY("md127", "raid1", "clean", "vda") },
	  { TOLD, DID("vda", ASSEMBLE, 500) }, .step = WAIT(90000) },
	{ "two members of one array are no copies", "UUID=r", { MEMBER("vda", "m", "1"), MEMBER("vdb", "m", "2") },
	  .step = ACT(ASSEMBLE, "vda") },
	{ "an array one of whose members is there twice is not started without it", "UUID=r",
	  { MEMBER("vda", "m", "1"), MEMBER("vdb", "m", "2"), MEMBER("vdc", "m", "2"),
	    ARRAY("md127", NULL, "inactive", "vda") },
	  { TOLD, GIVEN("vda", 500) }, .boot = { .md_degraded = true }, .now = 60000, .step = WAIT(90000) },
	{ "what is being read may be a copy", "UUID=r", { RAID("vda", "m"), { NAMED("vdb"), .probe = PROBE_RUNNING } },
	  .now = 349, .step = WAIT(350) },
	{ "it is not waited for long", "UUID=r", { RAID("vda", "m"), { NAMED("vdb"), .probe = PROBE_RUNNING } },
	  .now = 350, .step = ACT(ASSEMBLE, "vda") },
	{ "/dev/md/NAME", "/dev/md/home", { RAID("vda", "m"), ARRAY("md127", "raid1", "clean", "vda") },
	  .step = FOUND("md127") },
	{ "/dev/md/NAME of another", "/dev/md/hom", { RAID("vda", "m"), ARRAY("md127", "raid1", "clean",
	  "vda") }, { TOLD },
	  .step = WAIT(90000) },
	{ "/dev/md0 that is not there yet", "/dev/md0", { RAID("vda", "m") }, .step = ACT(ASSEMBLE, "vda") },
};

/* LVM on LUKS on RAID1, from below. */
static const struct story tower[] = {
	{ "the members", "/dev/vg/root", { RAID("vda", "m"), RAID("vdb", "m") }, .step = ACT(ASSEMBLE, "vda") },
	{ "the array", "/dev/vg/root",
	  { RAID("vda", "m"), RAID("vdb", "m"),
	    LUKS("md0", "c", .md_level = T("raid1"), .md_state = T("clean"), ON("vda", "vdb")) },
	  { DID("vda", ASSEMBLE, 200), DID("vdb", ASSEMBLE, 210) }, .step = ACT(ASK, "md0") },
	{ "the container", "/dev/vg/root",
	  { RAID("vda", "m"), RAID("vdb", "m"),
	    LUKS("md0", "c", .md_level = T("raid1"), .md_state = T("clean"), ON("vda", "vdb")),
	    PV("dm-0", CRYPT("luks-c", "md0")) },
	  { DID("vda", ASSEMBLE, 200), DID("vdb", ASSEMBLE, 210), DID("md0", UNLOCK, 900) }, .step = ACT(SCAN,
	  "dm-0") },
	{ "the group", "/dev/vg/root",
	  { RAID("vda", "m"), RAID("vdb", "m"),
	    LUKS("md0", "c", .md_level = T("raid1"), .md_state = T("clean"), ON("vda", "vdb")),
	    PV("dm-0", CRYPT("luks-c", "md0"), IN("vg", true)) },
	  { DID("vda", ASSEMBLE, 200), DID("vdb", ASSEMBLE, 210), DID("md0", UNLOCK, 900), DID("dm-0", SCAN, 950) },
	  .step = ACTIVATE("dm-0", "vg/root") },
	{ "root", "/dev/vg/root",
	  { RAID("vda", "m"), RAID("vdb", "m"),
	    LUKS("md0", "c", .md_level = T("raid1"), .md_state = T("clean"), ON("vda", "vdb")),
	    PV("dm-0", CRYPT("luks-c", "md0"), IN("vg", true)), EXT4("dm-1", "r", LV("vg-root", "dm-0")) },
	  .step = FOUND("dm-1") },
};

/* As device-mapper shows them: what both stand on, and what the snapshot differs in. */
#define UUIDS      "LVM-0123456789012345678901234567890101234567890123456789012345678901"
#define DATA(n)    { NAMED(n), .dm_name = T("vg-root-real"), .dm_uuid = T(UUIDS "-real"), ON("vda") }
#define CHANGES(n) { NAMED(n), .dm_name = T("vg-old-cow"), .dm_uuid = T(UUIDS "-cow"), ON("vda") }
#define ORIGIN     LV("vg-root", "dm-1")
#define SNAPSHOT   LV("vg-old", "dm-1", "dm-2")

static const struct story snapshots[] = {
	{ "a snapshot of the root is not the root", "UUID=r",
	  { DATA("dm-1"), CHANGES("dm-2"), EXT4("dm-0", "r", ORIGIN), EXT4("dm-3", "r", SNAPSHOT) },
	  .step = FOUND("dm-0") },
	{ "whichever comes first", "UUID=r",
	  { EXT4("dm-3", "r", SNAPSHOT), EXT4("dm-0", "r", ORIGIN), DATA("dm-1"), CHANGES("dm-2") },
	  .step = FOUND("dm-0") },
	{ "unless it holds another file system now", "UUID=s",
	  { DATA("dm-1"), CHANGES("dm-2"), EXT4("dm-0", "r", ORIGIN), EXT4("dm-3", "s", SNAPSHOT) },
	  .step = FOUND("dm-3") },
	{ "by its name it is", "/dev/vg/old",
	  { DATA("dm-1"), CHANGES("dm-2"), EXT4("dm-0", "r", ORIGIN), EXT4("dm-3", "r", SNAPSHOT) },
	  .step = FOUND("dm-3") },
	{ "two that share nothing are copies", "UUID=r",
	  { EXT4("dm-0", "r", LV("vg-root", "vda")), EXT4("dm-3", "r", LV("vg-old", "vda")) },
	  .step = { .kind = STEP_AMBIGUOUS, .device = "dm-0" } },
	{ "a container: the origin is opened", "UUID=c",
	  { DATA("dm-1"), CHANGES("dm-2"), LUKS("dm-3", "c", SNAPSHOT), LUKS("dm-0", "c", ORIGIN) },
	  .step = ACT(ASK, "dm-0") },
	{ "and the snapshot is not, when that is open", "UUID=r",
	  { DATA("dm-1"), CHANGES("dm-2"), LUKS("dm-3", "c", SNAPSHOT), LUKS("dm-0", "c", ORIGIN),
	    BTRFS("dm-4", "x", "1", CRYPT("luks-c", "dm-0")) },
	  { DID("dm-0", UNLOCK, 950), TOLD }, A_NAMED("c"), .step = WAIT(90000) },
};

STORIES(md)
STORIES(snapshots)
STORIES(tower)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(md_stories),
		cmocka_unit_test(snapshots_stories),
		cmocka_unit_test(tower_stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
