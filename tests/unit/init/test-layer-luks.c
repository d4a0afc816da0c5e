/* SPDX-License-Identifier: MIT */
/* test-layer-luks: stories of LUKS containers: which are opened, by what; and of a root in a file. */
#include <limits.h>

#include "unit/init/layer-story.h"

#define PLACE(p, id) { .path = T(p), .device = { .kind = SPEC_UUID, .value = T(id) } }

static const struct story luks[] = {
	{ "the only container", "UUID=r", { LUKS("vda2", "c") }, .step = ACT(ASK, "vda2") },
	{ "a moment in which a second one may come", "UUID=r", { LUKS("vda2", "c") }, .now = 349,
	  .step = WAIT(350) },
	{ "while something is being read, it may not be the only one", "UUID=r",
	  { LUKS("vda2", "c"), { NAMED("vdb"), .probe = PROBE_RUNNING } }, { TOLD }, .step = WAIT(90000) },
	{ "two, and none is named", "UUID=r", { LUKS("vda2", "c"), LUKS("vdb2", "d") }, { TOLD },
	  .step = WAIT(90000) },
	{ "two, one is named", "UUID=r", { LUKS("vda2", "c"), LUKS("vdb2", "d") }, A_NAMED("D"),
	  .step = ACT(ASK, "vdb2") },
	{ "one is named, another is there", "UUID=r", { LUKS("vda2", "c") }, { TOLD }, A_NAMED("d"),
	  .step = WAIT(90000) },
	{ "root names the container", "UUID=D", { LUKS("vda2", "c"), LUKS("vdb2", "d") },
	  .step = ACT(ASK, "vdb2") },
	{ "root is in the container that it names", "UUID=c",
	  { LUKS("vda2", "c"), EXT4("dm-0", "r", CRYPT("luks-c", "vda2")) }, .step = FOUND("dm-0") },
	{ "what it names holds a PV: that is not root", "UUID=c",
	  { LUKS("vda2", "c"), PV("dm-0", CRYPT("luks-c", "vda2")) }, .step = ACT(SCAN, "dm-0") },
	{ "root is open, what else is there stays closed", "UUID=r", { EXT4("vda1", "r"), LUKS("vda2", "c") },
	  .step = FOUND("vda1") },
	{ "two copies of the one that is named", "UUID=r", { LUKS("vda2", "c"), LUKS("vdb2", "c") }, A_NAMED("c"),
	  .step = { .kind = STEP_AMBIGUOUS, .device = "vda2" } },
	{ "two copies of what root names", "UUID=c", { LUKS("vda2", "c"), LUKS("vdb2", "c") },
	  .step = { .kind = STEP_AMBIGUOUS, .device = "vda2" } },
	{ "two copies of one that nobody names", "UUID=r", { LUKS("vda2", "c"), LUKS("vdb2", "c") }, { TOLD },
	  .step = WAIT(90000) },
	{ "a copy of one that is open stays closed", "/dev/vg/root",
	  { LUKS("vda2", "c"), LUKS("vdb2", "c"), PV("dm-0", CRYPT("luks-c", "vda2")) },
	  { TOLD, DID("dm-0", SCAN, 500) }, A_NAMED("c"), .step = WAIT(90000) },
	{ "a copy of one that was opened this moment, too", "/dev/vg/root", { LUKS("vda2", "c"), LUKS("vdb2", "c") },
	  { TOLD, DID("vda2", UNLOCK, 500) }, A_NAMED("c"), .step = WAIT(90000) },
	{ "what is being read may be a copy of it", "UUID=c",
	  { LUKS("vda2", "c"), { NAMED("vdb"), .probe = PROBE_RUNNING } }, .now = 349, .step = WAIT(350) },
	{ "a copy of its header on a stick, where it is said that the header is there", "UUID=r",
	  { LUKS("vda2", "c"), LUKS("sda", "c") },
	  A_NAMED("c", .header = { .device = { .kind = SPEC_NAME, .value = T("sda") } }), .step = ACT(ASK, "vda2") },
	{ "rd.luks=0", "UUID=r", { LUKS("vda2", "c") }, { TOLD }, .off = true, .step = WAIT(90000) },
	{ "by its mapping's name", "/dev/mapper/luks-c", { LUKS("vda2", "c") }, .step = ACT(ASK, "vda2") },
	{ "a plain partition is named: nothing is opened", "/dev/vda1", { LUKS("vda2", "c") }, { TOLD },
	  .step = WAIT(90000) },
	{ "it is open, and what is in it was not read yet", "UUID=r",
	  { LUKS("vda2", "c"), { NAMED("dm-0"), CRYPT("luks-c", "vda2") } },
	  .step = { .kind = STEP_PROBE, .device = "dm-0" } },
};

static const struct story secrets[] = {
	{ "somebody is being asked", "UUID=r", { LUKS("vda2", "c") }, { TOLD, DOES("vda2", ASK, 500) },
	  .step = WAIT_FOR_NEWS },
	{ "being asked takes longer than the deadline", "UUID=r", { LUKS("vda2", "c") },
	  { TOLD, DOES("vda2", ASK, 500) }, .now = 100000, .step = WAIT_FOR_NEWS },
	{ "a passphrase came", "UUID=r", { LUKS("vda2", "c") }, { DID("vda2", ASK, 900) }, .secrets = 1,
	  .step = ACT(UNLOCK, "vda2") },
	{ "being opened", "UUID=r", { LUKS("vda2", "c") }, { TOLD, DID("vda2", ASK, 900), DOES("vda2", UNLOCK, 901) },
	  .secrets = 1, .step = WAIT_FOR_NEWS },
	{ "opened: its mapping will be announced", "UUID=r", { LUKS("vda2", "c") },
	  { TOLD, DID("vda2", ASK, 900), DID("vda2", UNLOCK, 950) }, .secrets = 1, .step = WAIT(90000) },
	{ "opened after the deadline: a while for what is in it", "UUID=r", { LUKS("vda2", "c") },
	  { TOLD, DID("vda2", ASK, 100000), DID("vda2", UNLOCK, 101000) }, .secrets = 1, .now = 102000,
	  .step = WAIT(111000) },
	{ "and not for ever", "UUID=r", { LUKS("vda2", "c") },
	  { TOLD, DID("vda2", ASK, 100000), DID("vda2", UNLOCK, 101000) }, .secrets = 1, .now = 111000,
	  .step = { .kind = STEP_TIMEOUT } },
	{ "refused: again", "UUID=r", { LUKS("vda2", "c") },
	  { DID("vda2", ASK, 900), FAILED("vda2", UNLOCK, 1, 950) }, .secrets = 1, .step = ACT(ASK, "vda2") },
	{ "three times", "UUID=r", { LUKS("vda2", "c") },
	  { ASKED("vda2", 3), FAILED("vda2", UNLOCK, 3, 950) }, .secrets = 3,
	  .step = { .kind = STEP_REFUSED, .device = "vda2" } },
	{ "once, where that is said", "UUID=r", { LUKS("vda2", "c") },
	  { DID("vda2", ASK, 900), FAILED("vda2", UNLOCK, 1, 950) }, .secrets = 1, A_NAMED("c", .tries = 1),
	  .step = { .kind = STEP_REFUSED, .device = "vda2" } },
	{ "for ever", "UUID=r", { LUKS("vda2", "c") },
	  { ASKED("vda2", 30), FAILED("vda2", UNLOCK, 30, 950) }, .secrets = 30,
	  A_NAMED("c", .tries = UINT_MAX), .step = ACT(ASK, "vda2") },
	{ "said of all containers, and nothing names this one", "UUID=r", { LUKS("vda2", "c") },
	  { DID("vda2", ASK, 900), FAILED("vda2", UNLOCK, 1, 950) }, .secrets = 1, .boot = { .unnamed.tries = 1 },
	  .step = { .kind = STEP_REFUSED, .device = "vda2" } },
	{ "nofail: the root may come otherwise", "UUID=r", { LUKS("vda2", "c") },
	  { TOLD, ASKED("vda2", 3), FAILED("vda2", UNLOCK, 3, 950) },
	  .secrets = 3, A_NAMED("c", .nofail = true), .step = WAIT(90000) },
	{ "nobody answered in time: nobody is asked again", "UUID=r", { LUKS("vda2", "c") }, { TOLD, OVER("vda2") },
	  .step = WAIT(90000) },
	{ "but what was typed for another is tried on it", "UUID=r", { LUKS("vda2", "c") }, { TOLD, OVER("vda2") },
	  .secrets = 1, .step = ACT(UNLOCK, "vda2") },
	{ "headless: nobody is asked", "UUID=r", { LUKS("vda2", "c") }, { TOLD }, A_NAMED("c", .headless = true),
	  .step = WAIT(90000) },
	{ "noauto", "UUID=r", { LUKS("vda2", "c") }, { TOLD }, A_NAMED("c", .noauto = true), .step = WAIT(90000) },
	{ "noauto, but it is itself what is looked for", "UUID=c", { LUKS("vda2", "c") },
	  A_NAMED("c", .noauto = true), .step = ACT(ASK, "vda2") },
	{ "noauto, and by its mapping's name", "/dev/mapper/crypt", { LUKS("vda2", "c") },
	  A_NAMED("c", .name = T("crypt"), .noauto = true), .step = ACT(ASK, "vda2") },
	{ "what opened the first is tried on the second", "UUID=r",
	  { LUKS("vda2", "c"), LUKS("vdb2", "d"), BTRFS("dm-0", "x", "1", CRYPT("luks-c", "vda2")) },
	  { DID("vda2", ASK, 900), DID("vda2", UNLOCK, 950) }, .secrets = 1,
	  .boot = { .volumes_n = 2, .volumes = (struct volume[]){
		{ .source = { .kind = SPEC_UUID, .value = T("c") } },
		{ .source = { .kind = SPEC_UUID, .value = T("d") } } } },
	  .step = ACT(UNLOCK, "vdb2") },
	{ "it does not fit there: its own is asked for", "UUID=r", { LUKS("vdb2", "d") },
	  { FAILED("vdb2", UNLOCK, 1, 950) }, .secrets = 1, .step = ACT(ASK, "vdb2") },
	{ "the second of two passphrases", "UUID=r", { LUKS("vdb2", "d") }, { FAILED("vdb2", UNLOCK, 1, 950) },
	  .secrets = 2, .step = { .kind = STEP_ACT, .action = ACTION_UNLOCK, .device = "vdb2", .secret = 1 } },
	{ "one prompt at a time", "UUID=r", { LUKS("vda2", "c"), LUKS("vdb2", "d") },
	  { TOLD, DOES("vda2", ASK, 900) },
	  .boot = { .volumes_n = 2, .volumes = (struct volume[]){
		{ .source = { .kind = SPEC_UUID, .value = T("c") } },
		{ .source = { .kind = SPEC_UUID, .value = T("d") } } } },
	  .step = WAIT_FOR_NEWS },
	{ "a key in the image", "UUID=r", { LUKS("vda2", "c") }, A_NAMED("c", .key.path = T("/etc/key")),
	  .step = ACT(KEY, "vda2") },
	{ "the key does not fit: a person may know", "UUID=r", { LUKS("vda2", "c") }, { FAILED("vda2", KEY, 1, 900) },
	  A_NAMED("c", .key.path = T("/etc/key")), .step = ACT(ASK, "vda2") },
	{ "a key on a stick that is not there yet", "UUID=r", { LUKS("vda2", "c") }, { TOLD },
	  A_NAMED("c", .key = PLACE("/key", "s")), .step = WAIT(30000) },
	{ "a key on a stick that has its own time", "UUID=r", { LUKS("vda2", "c") }, { TOLD },
	  A_NAMED("c", .key = PLACE("/key", "s"), .key_timeout = 5000 * MS),
	  .step = WAIT(5000) },
	{ "a key for all, in the image", "UUID=r", { LUKS("vda2", "c") }, .boot = { .unnamed.key.path = T("/etc/key") },
	  .step = ACT(KEY, "vda2") },
	{ "the stick comes while somebody is asked", "UUID=r", { LUKS("vda2", "c"), EXT4("sda1", "s") },
	  { DOES("vda2", ASK, 30000) }, .now = 40000,
	  A_NAMED("c", .key = PLACE("/key", "s")),
	  .step = ACT(KEY, "vda2") },
	{ "the stick is there", "UUID=r", { LUKS("vda2", "c"), EXT4("sda1", "s") },
	  A_NAMED("c", .key = PLACE("/key", "s")),
	  .step = ACT(KEY, "vda2") },
	{ "the stick does not come", "UUID=r", { LUKS("vda2", "c") }, .now = 30000,
	  A_NAMED("c", .key = PLACE("/key", "s")),
	  .step = ACT(ASK, "vda2") },
};

/* The data's device shows nothing, the header is elsewhere. */
#define NOISE(n, ...) DEVICE(n, __VA_ARGS__)
#define BY_NAME(name, ...) .boot = { .volumes_n = 1, .volumes = (struct volume[]){ \
	{ .source = { .kind = SPEC_NAME, .value = T(name) }, __VA_ARGS__ } } }

static const struct story headers[] = {
	{ "in the image", "UUID=r", { NOISE("vdb") }, BY_NAME("vdb", .header.path = T("/h")), .step = ACT(ASK, "vdb") },
	{ "noise that nobody named", "UUID=r", { NOISE("vdb"), NOISE("vdc") }, { DID("vdb", UNLOCK, 900), TOLD },
	  BY_NAME("vdb", .header.path = T("/h")), .step = WAIT(90000) },
	{ "it looks like something by chance", "UUID=r", { DEVICE("vdb", TAGS("minix", "filesystem", "m",
	  .ambivalent = true)) }, BY_NAME("vdb", .header.path = T("/h")), .step = ACT(ASK, "vdb") },
	{ "named, but without a header it is nothing", "UUID=r", { NOISE("vdb") }, { TOLD },
	  BY_NAME("vdb", .key.path = T("/k")), .step = WAIT(90000) },
	{ "on a stick that is not there, for ever", "UUID=r", { NOISE("vdb") }, { TOLD }, .now = 80000,
	  BY_NAME("vdb", .header = PLACE("/h", "s")), .step = WAIT(90000) },
	{ "the stick is there", "UUID=r", { NOISE("vdb"), EXT4("sda1", "s") },
	  BY_NAME("vdb", .header = PLACE("/h", "s")), .step = ACT(ASK, "vdb") },
	{ "the stick is there, the key is not", "UUID=r", { NOISE("vdb"), EXT4("sda1", "s") }, { TOLD },
	  BY_NAME("vdb", .header = PLACE("/h", "s"), .key = PLACE("/k", "t")), .step = WAIT(30000) },
	{ "both on one stick", "UUID=r", { NOISE("vdb"), EXT4("sda1", "s") },
	  BY_NAME("vdb", .header = PLACE("/h", "s"), .key = PLACE("/k", "s")), .step = ACT(KEY, "vdb") },
	{ "a partition is the header, and no container of its own", "UUID=r", { NOISE("vdb"), LUKS("sda1", "c") },
	  BY_NAME("vdb", .header.device = { .kind = SPEC_UUID, .value = T("c") }), .step = ACT(ASK, "vdb") },
	{ "a stick with that UUID that has no file system", "UUID=r", { NOISE("vdb"), LUKS("sda1", "s") }, { TOLD },
	  BY_NAME("vdb", .header = PLACE("/h", "s")), .step = WAIT(90000) },
	{ "the data does not come", "UUID=r", { EXT4("sda1", "s") }, { TOLD },
	  BY_NAME("vdb", .header = PLACE("/h", "s")), .step = WAIT(90000) },
	{ "it is open: root is what it holds", "UUID=0123-45", { NOISE("vdb"), EXT4("dm-0", "r",
	  .dm_name = T("n"), .dm_uuid = T("CRYPT-LUKS2-012345-n"), ON("vdb")) },
	  BY_NAME("vdb", .header.path = T("/h")), .step = FOUND("dm-0") },
	{ "another one's mapping", "UUID=0123-4", { NOISE("vdb"), EXT4("dm-0", "r",
	  .dm_name = T("n"), .dm_uuid = T("CRYPT-LUKS2-012345-n"), ON("vdb")) }, { TOLD },
	  BY_NAME("vdb", .header.path = T("/h")), .step = WAIT(90000) },
};

#define IMAGE(n) DEVICE(n, .file = T("/run/slipway/host/r.img"), .tags.pttype = T("gpt"))

/* loop=: root is what stands on the file, whatever else there is. */
static const struct story file[] = {
	{ "the file system in the file, not the host", "loop", { EXT4("vda", "h"),
	  EXT4("loop0", "r", .file = T("/run/slipway/host/r.img")) }, .step = FOUND("loop0") },
	{ "a file of somebody else", "loop", { EXT4("vda", "h"), EXT4("loop0", "r", .file = T("/root/r.img")) },
	  { TOLD }, .step = WAIT(90000) },
	{ "a partition in it", "loop", { EXT4("vda", "h"), IMAGE("loop0"), EXT4("loop0p2", "r",
	  .parent = T("loop0")) }, .step = FOUND("loop0p2") },
	{ "two partitions", "loop", { EXT4("vda", "h"), IMAGE("loop0"), EXT4("loop0p1", "e", .parent = T("loop0")),
	  EXT4("loop0p2", "r", .parent = T("loop0")) }, .step = { .kind = STEP_AMBIGUOUS, .device = "loop0p1" } },
	{ "a container in it, the host is in another", "loop", { LUKS("vda", "c"), EXT4("dm-0", "h",
	  CRYPT("luks-c", "vda")), LUKS("loop0", "d", .file = T("/run/slipway/host/r.img")) },
	  .step = ACT(ASK, "loop0") },
	{ "a container beside it stays closed", "loop", { LUKS("vdb", "c"), EXT4("vda", "h"), IMAGE("loop0") },
	  { TOLD }, .step = WAIT(90000) },
	{ "a group in a partition of it", "loop", { PV("vdb"), IMAGE("loop0"), PV("loop0p1", .parent = T("loop0")) },
	  .step = ACT(SCAN, "loop0p1") },
	{ "a volume of that", "loop", { IMAGE("loop0"), PV("loop0p1", .parent = T("loop0"), IN("vg", true)),
	  EXT4("dm-0", "r", LV("vg-root", "loop0p1")) }, .step = FOUND("dm-0") },
	{ "devices that stand on each other", "loop", { DEVICE("a", ON("b")), DEVICE("b", ON("a")) }, { TOLD },
	  .step = WAIT(90000) },
};

STORIES(luks)
STORIES(secrets)
STORIES(headers)
STORIES(file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(luks_stories),
		cmocka_unit_test(secrets_stories),
		cmocka_unit_test(headers_stories),
		cmocka_unit_test(file_stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
