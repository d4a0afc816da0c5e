/* SPDX-License-Identifier: MIT */
/* test-layer: stories of stacks, one a row: what was asked, seen and tried, and the step that follows. */
#include <limits.h>

#include "base/macro.h"
#include "init/layer.h"
#include "init/match.h"
#include "unit/story.h"

#define MS UINT64_C(1000) /* all times of a row are ms after the wait began */
#define T(s) ((char *)(s))
#define FOREVER UINT64_MAX

#define LIST(...) (char **)(const char *[]){ __VA_ARGS__, NULL }
/* All was read at 100 ms. */
#define NAMED(n) .name = T(n), .devname = T(n), .sectors = 8
#define DEVICE(n, ...) { NAMED(n), .probe = PROBE_DONE, .probed_at = 100 * MS, __VA_ARGS__ }
#define TAGS(t, u, id, ...) .tags = { .type = T(t), .usage = T(u), .uuid = T(id), __VA_ARGS__ }
#define ON(...) .slaves = LIST(__VA_ARGS__)
#define EXT4(n, id, ...) DEVICE(n, TAGS("ext4", "filesystem", id), __VA_ARGS__)
#define LUKS(n, id, ...) DEVICE(n, TAGS("crypto_LUKS", "crypto", id), __VA_ARGS__)
#define RAID(n, id, ...) DEVICE(n, TAGS("linux_raid_member", "raid", id, .label = T("host:home")), __VA_ARGS__)
#define PV(n, ...) DEVICE(n, TAGS("LVM2_member", "raid", "pv-" n), __VA_ARGS__)
#define BTRFS(n, id, sub, ...) DEVICE(n, TAGS("btrfs", "filesystem", id, .sub_uuid = T(sub)), __VA_ARGS__)
#define IN(vg, whole) .membership = { .group = T(vg), .complete = whole }
#define CRYPT(name, on) .dm_name = T(name), .dm_uuid = T("CRYPT-LUKS2-x-" name), ON(on)
#define LV(name, ...) .dm_name = T(name), .dm_uuid = T("LVM-x"), ON(__VA_ARGS__)
#define ARRAY(n, level, state, ...) DEVICE(n, .md_level = T(level), .md_state = T(state), ON(__VA_ARGS__))

#define DID(n, what, at) { .subject = T(n), .action = ACTION_##what, .done = true, .times = 1, .since = (at) * MS }
#define DOES(n, what, at) { .subject = T(n), .action = ACTION_##what, .running = true, .times = 1, .since = (at) * MS }
#define FAILED(n, what, k, at) { .subject = T(n), .action = ACTION_##what, .failed = k, .times = k, .since = (at) * MS }
#define ASKED(n, k) { .subject = T(n), .action = ACTION_ASK, .times = k, .done = true }
#define OVER(n) { .subject = T(n), .action = ACTION_ASK, .times = 1, .failed = 1, .over = true }
#define TOLD { .subject = T("root"), .action = ACTION_REPORT, .done = true, .since = FOREVER }

#define WAIT(until) { .kind = STEP_WAIT, .wake_at = (until) * MS }
#define WAIT_FOR_NEWS { .kind = STEP_WAIT, .wake_at = FOREVER }
#define ACT(what, n) { .kind = STEP_ACT, .action = ACTION_##what, .device = n }
#define ACTIVATE(n, s) { .kind = STEP_ACT, .action = ACTION_ACTIVATE, .device = n, .subject = s }
#define FOUND(n) { .kind = STEP_FOUND, .device = n }

struct story {
	const char *name, *root;
	struct device devices[5]; /* up to the first without a name */
	struct attempt tried[6];
	uint64_t now;             /* 0: 1000 */
	struct {
		enum step_kind kind;
		enum action action;
		const char *device, *subject;
		uint64_t wake_at;
		unsigned int secret;
		bool degraded;
	} step;
	struct boot boot; /* luks, md and lvm are on unless `off` */
	bool off, degraded;
	unsigned int secrets;
};

#define A_NAMED(id, ...) .boot = { .volumes_n = 1, .volumes = (struct volume[]){ \
	{ .source = { .kind = SPEC_UUID, .value = T(id) }, __VA_ARGS__ } } }

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
	{ "a key in the image", "UUID=r", { LUKS("vda2", "c") }, A_NAMED("c", .key = T("/etc/key")),
	  .step = ACT(KEY, "vda2") },
	{ "the key does not fit: a person may know", "UUID=r", { LUKS("vda2", "c") }, { FAILED("vda2", KEY, 1, 900) },
	  A_NAMED("c", .key = T("/etc/key")), .step = ACT(ASK, "vda2") },
	{ "a key on a stick that is not there yet", "UUID=r", { LUKS("vda2", "c") }, { TOLD },
	  A_NAMED("c", .key = T("/key"), .key_device = { .kind = SPEC_UUID, .value = T("s") }), .step = WAIT(30000) },
	{ "a key on a stick that has its own time", "UUID=r", { LUKS("vda2", "c") }, { TOLD },
	  A_NAMED("c", .key = T("/key"), .key_timeout = 5000 * MS, .key_device = { SPEC_UUID, .value = T("s") }),
	  .step = WAIT(5000) },
	{ "a key for all, in the image", "UUID=r", { LUKS("vda2", "c") }, .boot = { .unnamed.key = T("/etc/key") },
	  .step = ACT(KEY, "vda2") },
	{ "the stick comes while somebody is asked", "UUID=r", { LUKS("vda2", "c"), EXT4("sda1", "s") },
	  { DOES("vda2", ASK, 30000) }, .now = 40000,
	  A_NAMED("c", .key = T("/key"), .key_device = { .kind = SPEC_UUID, .value = T("s") }),
	  .step = ACT(KEY, "vda2") },
	{ "the stick is there", "UUID=r", { LUKS("vda2", "c"), EXT4("sda1", "s") },
	  A_NAMED("c", .key = T("/key"), .key_device = { .kind = SPEC_UUID, .value = T("s") }),
	  .step = ACT(KEY, "vda2") },
	{ "the stick does not come", "UUID=r", { LUKS("vda2", "c") }, .now = 30000,
	  A_NAMED("c", .key = T("/key"), .key_device = { .kind = SPEC_UUID, .value = T("s") }),
	  .step = ACT(ASK, "vda2") },
};

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
	  { RAID("vda", "m"), ARRAY("md127", "raid1", "inactive", "vda") }, { TOLD, DID("vda", ASSEMBLE, 500) },
	  .boot = { .md_degraded = true }, .now = 30499, .step = WAIT(30500) },
	{ "then without them", "UUID=r", { RAID("vda", "m"), ARRAY("md127", "raid1", "inactive", "vda") },
	  { TOLD, DID("vda", ASSEMBLE, 500) }, .boot = { .md_degraded = true }, .now = 30500,
	  .step = ACT(START, "md127") },
	{ "one that never ran tells no level", "UUID=r", { RAID("vda", "m"), ARRAY("md127", NULL, "inactive", "vda") },
	  { TOLD, DID("vda", ASSEMBLE, 500) }, .boot = { .md_degraded = true }, .now = 30500,
	  .step = ACT(START, "md127") },
	{ "the last of them counts", "UUID=r",
	  { RAID("vda", "m"), RAID("vdb", "m"), ARRAY("md127", "raid5", "inactive", "vda", "vdb") },
	  { TOLD, DID("vda", ASSEMBLE, 500), DID("vdb", ASSEMBLE, 20500) }, .boot = { .md_degraded = true },
	  .now = 30500,
	  .step = WAIT(50500) },
	{ "rd.md.degraded=0", "UUID=r", { RAID("vda", "m"), ARRAY("md127", "raid1", "inactive", "vda") },
	  { TOLD, DID("vda", ASSEMBLE, 500) }, .now = 60000, .step = WAIT(90000) },
	{ "another's half-built array is left alone", "UUID=r", { RAID("vda", "m"), ARRAY("md127", "raid1",
	  "inactive", "vda") },
	  { TOLD }, .boot = { .md_degraded = true }, .now = 60000, .step = WAIT(90000) },
	{ "it cannot be started: once is enough", "UUID=r", { RAID("vda", "m"), ARRAY("md127", "raid1",
	  "inactive", "vda") },
	  { TOLD, DID("vda", ASSEMBLE, 500), FAILED("md127", START, 1, 31000) }, .boot = { .md_degraded = true },
	  .now = 60000, .step = WAIT(90000) },
	{ "a container whose volumes run", "UUID=r",
	  { ARRAY("md127", "container", "inactive", "vda"), ARRAY("md126", "raid1", "clean", "vda") },
	  { TOLD, DID("vda", ASSEMBLE, 500) }, .boot = { .md_degraded = true }, .now = 60000, .step = WAIT(90000) },
	{ "a container none of whose volumes runs", "UUID=r", { ARRAY("md127", "container", "inactive", "vda") },
	  { TOLD, DID("vda", ASSEMBLE, 500) }, .boot = { .md_degraded = true }, .now = 60000,
	  .step = ACT(START, "md127") },
	{ "/dev/md/NAME", "/dev/md/home", { RAID("vda", "m"), ARRAY("md127", "raid1", "clean", "vda") },
	  .step = FOUND("md127") },
	{ "/dev/md/NAME of another", "/dev/md/hom", { RAID("vda", "m"), ARRAY("md127", "raid1", "clean",
	  "vda") }, { TOLD },
	  .step = WAIT(90000) },
	{ "/dev/md0 that is not there yet", "/dev/md0", { RAID("vda", "m") }, .step = ACT(ASSEMBLE, "vda") },
};

static const struct story lvm[] = {
	{ "a PV", "UUID=r", { PV("vda") }, .step = ACT(SCAN, "vda") },
	{ "its scan failed: again after a while", "UUID=r", { PV("vda") }, { TOLD, FAILED("vda", SCAN, 1, 900) },
	  .step = WAIT(1150) },
	{ "again", "UUID=r", { PV("vda") }, { FAILED("vda", SCAN, 1, 900) }, .now = 1150, .step = ACT(SCAN, "vda") },
	{ "no fourth", "UUID=r", { PV("vda") }, { TOLD, FAILED("vda", SCAN, 3, 900) }, .now = 5000,
	  .step = WAIT(90000) },
	{ "whole: all of it, since nothing names a volume", "UUID=r", { PV("vda", IN("vg", true)) },
	  { DID("vda", SCAN, 500) }, .step = ACTIVATE("vda", "vg") },
	{ "one of two", "UUID=r", { PV("vda", IN("vg", false)) }, { TOLD, DID("vda", SCAN, 500) },
	  .step = WAIT(90000) },
	{ "the second tells that it is whole", "UUID=r", { PV("vda", IN("vg", false)), PV("vdb", IN("vg", true)) },
	  { DID("vda", SCAN, 500), DID("vdb", SCAN, 600) }, .step = ACTIVATE("vda", "vg") },
	{ "root names the volume", "/dev/vg/root", { PV("vda", IN("vg", true)) }, { DID("vda", SCAN, 500) },
	  .step = ACTIVATE("vda", "vg/root") },
	{ "root names the mapping", "/dev/mapper/my--vg-root", { PV("vda", IN("my-vg", true)) }, { DID("vda",
	  SCAN, 500) },
	  .step = ACTIVATE("vda", "my--vg-root") },
	{ "root names a mapping that is none of this group", "/dev/mapper/my--vg-root", { PV("vda", IN("my", true)) },
	  { TOLD, DID("vda", SCAN, 500) }, .step = WAIT(90000) },
	{ "root is in another group", "/dev/vg/root", { PV("vda", IN("data", true)) }, { TOLD, DID("vda", SCAN, 500) },
	  .step = WAIT(90000) },
	{ "rd.lvm.lv=", "UUID=r", { PV("vda", IN("vg", true)) }, { DID("vda", SCAN, 500) },
	  .boot = { .lvm_lvs = LIST("other/x", "vg/root") }, .step = ACTIVATE("vda", "vg/root") },
	{ "two of rd.lvm.lv=", "UUID=r", { PV("vda", IN("vg", true)) }, { DID("vda", SCAN, 500), DID("vg/swap",
	  ACTIVATE, 600) },
	  .boot = { .lvm_lvs = LIST("vg/swap", "vg/root") }, .step = ACTIVATE("vda", "vg/root") },
	{ "rd.lvm.lv= names nothing here", "UUID=r", { PV("vda", IN("vg", true)) }, { TOLD, DID("vda", SCAN, 500) },
	  .boot = { .lvm_lvs = LIST("vgs/root") }, .step = WAIT(90000) },
	{ "rd.lvm.vg=", "UUID=r", { PV("vda", IN("vg", true)) }, { DID("vda", SCAN, 500) },
	  .boot = { .lvm_vgs = LIST("vg") }, .step = ACTIVATE("vda", "vg") },
	{ "rd.lvm.vg= names another", "UUID=r", { PV("vda", IN("vg", true)) }, { TOLD, DID("vda", SCAN, 500) },
	  .boot = { .lvm_vgs = LIST("v") }, .step = WAIT(90000) },
	{ "rd.lvm=0", "UUID=r", { PV("vda") }, { TOLD }, .off = true, .step = WAIT(90000) },
	{ "being activated", "UUID=r", { PV("vda", IN("vg", true)) }, { TOLD, DID("vda", SCAN, 500), DOES("vg",
	  ACTIVATE, 600) },
	  .step = WAIT_FOR_NEWS },
	{ "activated: the volumes will be announced", "UUID=r", { PV("vda", IN("vg", true)) },
	  { TOLD, DID("vda", SCAN, 500), DID("vg", ACTIVATE, 600) }, .step = WAIT(90000) },
	{ "found in it", "/dev/vg/root", { PV("vda", IN("vg", true)), EXT4("dm-0", "r", LV("vg-root", "vda")) },
	  .step = FOUND("dm-0") },
	{ "half of a mirror holds the same as the mirror", "UUID=r",
	  { PV("vda", IN("vg", true)), EXT4("dm-0", "r", LV("vg-root_rimage_0", "vda")),
	    EXT4("dm-1", "r", LV("vg-root", "dm-0")) }, .step = FOUND("dm-1") },
	{ "half of a mirror is not even read", "UUID=r",
	  { PV("vda", IN("vg", true)), { NAMED("dm-0"), LV("vg-root_rimage_0", "vda") } },
	  { TOLD, DID("vda", SCAN, 500), DOES("vg", ACTIVATE, 600) }, .step = WAIT_FOR_NEWS },
	{ "unless it is named", "/dev/mapper/vg-root_corig",
	  { PV("vda", IN("vg", true)), { NAMED("dm-0"), LV("vg-root_corig", "vda") } },
	  { DID("vda", SCAN, 500) }, .step = { .kind = STEP_PROBE, .device = "dm-0" } },
	{ "a mapping of that name that is no volume", "/dev/vg/root",
	  { PV("vda", IN("vg", true)), EXT4("dm-0", "r", CRYPT("vg-root", "vda")) },
	  { TOLD, DID("vda", SCAN, 500), DID("vg/root", ACTIVATE, 600) }, .step = WAIT(90000) },
	{ "PVs are missing, and that is not allowed", "UUID=r", { PV("vda", IN("vg", false)) },
	  { TOLD, DID("vda", SCAN, 500) }, .now = 60000, .step = WAIT(90000) },
	{ "PVs are missing: half a minute after the last", "UUID=r", { PV("vda", IN("vg", false)) },
	  { TOLD, DID("vda", SCAN, 500) }, .boot = { .lvm_partial = true }, .now = 30000, .step = WAIT(30500) },
	{ "rd.lvm.partial=1: then without them", "UUID=r", { PV("vda", IN("vg", false)) }, { DID("vda", SCAN, 500) },
	  .boot = { .lvm_partial = true }, .now = 30500,
	  .step = { .kind = STEP_ACT, .action = ACTION_ACTIVATE, .device = "vda", .subject = "vg", .degraded = true } },
};

static const struct story btrfs[] = {
	{ "one device: the kernel is told all the same", "UUID=b", { BTRFS("vda", "b", "1") }, .step = ACT(SCAN,
	  "vda") },
	{ "whole", "UUID=b", { BTRFS("vda", "b", "1", IN(NULL, true)) }, { DID("vda", SCAN, 500) },
	  .step = FOUND("vda") },
	{ "one of two", "UUID=b", { BTRFS("vda", "b", "1") }, { TOLD, DID("vda", SCAN, 500) }, .step = WAIT(90000) },
	{ "the second is told", "UUID=b", { BTRFS("vda", "b", "1"), BTRFS("vdb", "b", "2") },
	  { DID("vda", SCAN, 500) }, .step = ACT(SCAN, "vdb") },
	{ "two devices of one are no ambiguity", "UUID=b",
	  { BTRFS("vda", "b", "1"), BTRFS("vdb", "b", "2", IN(NULL, true)) },
	  { DID("vda", SCAN, 500), DID("vdb", SCAN, 600) }, .step = FOUND("vda") },
	{ "a copy of one is", "UUID=b", { BTRFS("vda", "b", "1", IN(NULL, true)), BTRFS("vdb", "b", "1",
	  IN(NULL, true)) },
	  { DID("vda", SCAN, 500), DID("vdb", SCAN, 600) }, .step = { .kind = STEP_AMBIGUOUS, .device = "vda" } },
	{ "named by one device, the other is read too", "/dev/vdb",
	  { BTRFS("vdb", "b", "2"), { NAMED("vda") } }, { DID("vdb", SCAN, 500) },
	  .step = { .kind = STEP_PROBE, .device = "vda" } },
	{ "named by one device, the other is told too", "/dev/vdb", { BTRFS("vda", "b", "1"), BTRFS("vdb", "b", "2") },
	  { DID("vdb", SCAN, 500) }, .step = ACT(SCAN, "vda") },
	{ "another's is not told", "UUID=b", { BTRFS("vda", "c", "1") }, { TOLD }, .step = WAIT(90000) },
	{ "degraded is not a thing of time alone", "UUID=b", { BTRFS("vda", "b", "1") }, { TOLD, DID("vda",
	  SCAN, 500) },
	  .now = 80000, .step = WAIT(90000) },
	{ "rootflags=degraded: not at once", "UUID=b", { BTRFS("vda", "b", "1") }, { TOLD, DID("vda", SCAN, 500) },
	  .degraded = true, .now = 30000, .step = WAIT(30500) },
	{ "rootflags=degraded", "UUID=b", { BTRFS("vda", "b", "1") }, { DID("vda", SCAN, 500) }, .degraded = true,
	  .now = 30500, .step = FOUND("vda") },
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

static const char *text(const char *s)
{
	return s ? s : "-";
}

static bool as_told(const struct story *s, const struct step *step)
{
	const char *device = step->device ? step->device->name : NULL;

	if (step->kind != s->step.kind || (s->step.device && !streq(text(device), s->step.device)))
		return false;
	if (step->kind == STEP_WAIT)
		return step->wake_at == s->step.wake_at;
	return step->kind != STEP_ACT ||
	       (step->action == s->step.action && streq(text(step->subject), text(s->step.subject)) &&
		step->secret == s->step.secret && step->degraded == s->step.degraded);
}

static void tell(const struct story *s)
{
	_cleanup_(spec_free) struct spec spec = { 0 };
	struct story_tables t;
	struct want want = { .what = "root", .spec = &spec, .deadline = 90000 * MS, .degraded = s->degraded };
	struct boot boot = s->boot;
	struct step step;

	if (streq(s->root, "loop"))
		spec.kind = SPEC_INSIDE;
	else
		assert_int_equal(spec_parse(s->root, &spec), 0);
	boot.luks = boot.md = boot.lvm = !s->off;
	STORY_FILL(&t, s);
	t.attempts.secrets = s->secrets;
	plan(&boot, &want, &t.devices, &t.attempts, (s->now ? s->now : 1000) * MS, &step);
	if (!as_told(s, &step))
		fail_msg("%s: kind %d, action %d, device %s, subject %s, secret %u, wake at %llu us", s->name,
			 step.kind, step.action, text(step.device ? step.device->name : NULL), text(step.subject),
			 step.secret, (unsigned long long)step.wake_at);
}

#define STORIES(name)                                            \
	static void name##_stories(void **state)                 \
	{                                                        \
		for (size_t i = 0; i < ARRAY_SIZE(name); i++)    \
			tell(&name[i]);                          \
	}

STORIES(luks)
STORIES(secrets)
STORIES(md)
STORIES(lvm)
STORIES(btrfs)
STORIES(tower)
STORIES(file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(luks_stories), cmocka_unit_test(secrets_stories), cmocka_unit_test(md_stories),
		cmocka_unit_test(lvm_stories),  cmocka_unit_test(btrfs_stories),   cmocka_unit_test(tower_stories),
		cmocka_unit_test(file_stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
