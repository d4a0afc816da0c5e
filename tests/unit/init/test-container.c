/* SPDX-License-Identifier: MIT */
/* test-container: stories of IMSM and DDF arrays. */
#include "unit/init/layer-story.h"

/* A container gets the disks, and the volumes in it stand on the same ones. mdmon makes a volume writable. */
static const struct story containers[] = {
	{ "a disk of IMSM", "UUID=r", { DISK_OF("isw", "sda") }, .step = ACT(ASSEMBLE, "sda") },
	{ "a disk of DDF", "UUID=r", { DISK_OF("ddf", "sda") }, .no_imsm = true, .step = ACT(ASSEMBLE, "sda") },
	{ "rd.md.imsm=0", "UUID=r", { DISK_OF("isw", "sda") }, { TOLD }, .no_imsm = true, .step = WAIT(90000) },
	{ "rd.md.ddf=0", "UUID=r", { DISK_OF("ddf", "sda") }, { TOLD }, .no_ddf = true, .step = WAIT(90000) },
	{ "rd.md=0", "UUID=r", { DISK_OF("isw", "sda") }, { TOLD }, .off = true, .step = WAIT(90000) },
	{ "rd.md.ddf=0 is not IMSM's", "UUID=r", { DISK_OF("isw", "sda") }, .no_ddf = true,
	  .step = ACT(ASSEMBLE, "sda") },
	{ "rd.md.uuid= is not of containers", "UUID=r", { DISK_OF("isw", "sda") }, .boot = { .md_uuids = LIST("n") },
	  .step = ACT(ASSEMBLE, "sda") },
	{ "the second disk", "UUID=r",
	  { DISK_OF("isw", "sda"), DISK_OF("isw", "sdb"), ARRAY("md127", "container", "inactive", "sda") },
	  { DID("sda", ASSEMBLE, 500) }, .step = ACT(ASSEMBLE, "sdb") },
	{ "the volume runs, mdmon does not have it yet", "UUID=r",
	  { DISK_OF("isw", "sda"), DISK_OF("isw", "sdb"), ARRAY("md127", "container", "inactive", "sda", "sdb"),
	    { NAMED("md126"), .md_level = T("raid1"), .md_state = T("readonly"), ON("sda", "sdb") } },
	  { TOLD, DID("sda", ASSEMBLE, 500), DOES("sdb", ASSEMBLE, 900) }, .step = WAIT_FOR_NEWS },
	{ "now it has, but mdadm has not let go of it", "UUID=r",
	  { DISK_OF("isw", "sda"), DISK_OF("isw", "sdb"), ARRAY("md127", "container", "inactive", "sda", "sdb"),
	    { NAMED("md126"), .md_level = T("raid1"), .md_state = T("read-auto"), ON("sda", "sdb") } },
	  { TOLD, DID("sda", ASSEMBLE, 500), DOES("sdb", ASSEMBLE, 900) }, .step = WAIT_FOR_NEWS },
	{ "now mdadm has ended", "UUID=r",
	  { DISK_OF("isw", "sda"), DISK_OF("isw", "sdb"), ARRAY("md127", "container", "inactive", "sda", "sdb"),
	    { NAMED("md126"), .md_level = T("raid1"), .md_state = T("read-auto"), ON("sda", "sdb") } },
	  { TOLD, DID("sda", ASSEMBLE, 500), DID("sdb", ASSEMBLE, 900) },
	  .step = { .kind = STEP_PROBE, .device = "md126" } },
	{ "no container: mdadm holds the array just so", "UUID=r",
	  { DISK_OF("isw", "sda"), DISK_OF("isw", "sdb"),
	    { NAMED("md127"), .md_level = T("raid1"), .md_state = T("clean"), ON("sda", "sdb") } },
	  { TOLD, DID("sda", ASSEMBLE, 500), DOES("sdb", ASSEMBLE, 900) }, .step = WAIT_FOR_NEWS },
	{ "another array that is being assembled does not matter", "UUID=r",
	  { DISK_OF("isw", "sda"), DISK_OF("isw", "sdb"), DISK_OF("isw", "sdc"),
	    { NAMED("md127"), .md_level = T("raid1"), .md_state = T("clean"), ON("sda", "sdb") } },
	  { TOLD, DID("sda", ASSEMBLE, 500), DID("sdb", ASSEMBLE, 900), DOES("sdc", ASSEMBLE, 900) },
	  .step = { .kind = STEP_PROBE, .device = "md127" } },
	{ "degraded: started by the container's name", "UUID=r",
	  { DISK_OF("isw", "sda"), ARRAY("md127", "container", "inactive", "sda"),
	    { NAMED("md126"), .md_level = T("raid1"), .md_state = T("active"), ON("sda") } },
	  { TOLD, DID("sda", ASSEMBLE, 500), DOES("md127", START, 31000) }, .now = 31500, .step = WAIT_FOR_NEWS },
	{ "nobody makes it writable: it can be read", "UUID=r",
	  { DISK_OF("isw", "sda"), { NAMED("md126"), .md_level = T("raid1"), .md_state = T("readonly"), ON("sda") } },
	  { TOLD, FAILED("sda", ASSEMBLE, 1, 500) }, .step = { .kind = STEP_PROBE, .device = "md126" } },
	{ "degraded: a volume that is being started is not begun with either", "UUID=r",
	  { DISK_OF("isw", "sda"), ARRAY("md127", "container", "inactive", "sda"),
	    { NAMED("md126"), .md_level = T("raid1"), .md_state = T("readonly"), ON("sda") } },
	  { TOLD, DID("sda", ASSEMBLE, 500), DOES("md127", START, 31000) }, .now = 31500, .step = WAIT_FOR_NEWS },
	{ "a disk is late: the others wait half a minute for it", "UUID=r",
	  { DISK_OF("ddf", "sda"), ARRAY("md127", "container", "inactive", "sda") },
	  { TOLD, DID("sda", ASSEMBLE, 500) },
	  .boot = { .md_degraded = true }, .now = 20000, .step = WAIT(30500) },
	{ "and it comes", "UUID=r",
	  { DISK_OF("ddf", "sda"), ARRAY("md127", "container", "inactive", "sda"), DISK_OF("ddf", "sdb") },
	  { TOLD, DID("sda", ASSEMBLE, 500) }, .boot = { .md_degraded = true }, .now = 20500,
	  .step = ACT(ASSEMBLE, "sdb") },
	{ "it does not: the volumes are started without it", "UUID=r",
	  { DISK_OF("ddf", "sda"), ARRAY("md127", "container", "inactive", "sda") },
	  { TOLD, DID("sda", ASSEMBLE, 500) },
	  .boot = { .md_degraded = true }, .now = 30500, .step = ACT(START, "md127") },
	{ "it comes when they run already: it joins them", "UUID=r",
	  { DISK_OF("ddf", "sda"), ARRAY("md127", "container", "inactive", "sda"),
	    ARRAY("md126", "raid1", "read-auto", "sda"), DISK_OF("ddf", "sdb") },
	  { TOLD, DID("sda", ASSEMBLE, 500), DID("md127", START, 30500) }, .boot = { .md_degraded = true },
	  .now = 40000, .step = ACT(ASSEMBLE, "sdb") },
	{ "the volume is root, not the disks below it", "UUID=r",
	  { DISK_OF("isw", "sda"), DISK_OF("isw", "sdb"), ARRAY("md127", "container", "inactive", "sda", "sdb"),
	    EXT4("md126", "r", .md_level = T("raid1"), .md_state = T("active"), ON("sda", "sdb")) },
	  { TOLD, DID("sda", ASSEMBLE, 500), DID("sdb", ASSEMBLE, 900) }, .step = FOUND("md126") },
};

STORIES(containers)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
