/* SPDX-License-Identifier: MIT */
/* test-medium: which device is the medium: stories, from the words on the command line to plan()'s next step. */
#include "base/macro.h"
#include "init/match.h"
#include "init/plan.h"
#include "unit/story.h"

#define T(s) ((char *)(s))
#define MS UINT64_C(1000)
#define NAMED(n) .name = T(n), .devname = T(n), .sectors = 8
/* All was read at 100 ms; it is 1000 ms. */
#define TAGS(t, l) .tags = { .usage = T("filesystem"), .type = T(t), .label = T(l), .uuid = T("u") }
#define READ(n, t, l, ...) { NAMED(n), .probe = PROBE_DONE, .probed_at = 100 * MS, TAGS(t, l), __VA_ARGS__ }
#define UNREAD(n, ...) { NAMED(n), __VA_ARGS__ }
#define PART_OF(n) .parent = T(n), .partn = 1
#define LOOKED(n) { .subject = T(n), .action = ACTION_LOOK, .done = true, .times = 1, .since = 500 * MS }
#define LOOKING(n) { .subject = T(n), .action = ACTION_LOOK, .running = true, .times = 1, .since = 500 * MS }
#define CANNOT(n) { .subject = T(n), .action = ACTION_LOOK, .failed = 1, .times = 1, .since = 500 * MS }
#define FOUND(n) .kind = STEP_FOUND, .device = n
#define LOOK(n)  .kind = STEP_ACT, .device = n, .action = ACTION_LOOK
#define SCAN   "iso-scan/filename=/x"
#define MEDIUM "rd.slipway.medium=LABEL=m "

struct story {
	const char *name, *words;
	struct device devices[3];
	struct attempt tried[3];
	enum step_kind kind;
	const char *device;
	enum action action;
	uint64_t uptime; /* ms; 0: 1000 */
};

static const struct story stories[] = {
	{ "by its label", MEDIUM, { READ("sr0", "iso9660", "m"), READ("sda1", "ext4", "other") },
	  FOUND("sr0") },
	{ "two of one label", MEDIUM, { READ("sr0", "iso9660", "m"), READ("sda1", "ext4", "m") },
	  .kind = STEP_AMBIGUOUS },
	{ "the type must fit, too", MEDIUM "rd.slipway.medium.type=iso9660",
	  { READ("sda1", "ext4", "m"), READ("sr0", "iso9660", "m") }, FOUND("sr0") },
	{ "one of several types", MEDIUM "rd.slipway.medium.type=vfat,iso9660",
	  { READ("sda1", "ext4", "m"), READ("sr0", "iso9660", "m") }, FOUND("sr0") },
	{ "a type is a whole word", MEDIUM "rd.slipway.medium.type=iso9660,ext", { READ("sda1", "ext4", "m") },
	  .kind = STEP_WAIT },
	{ "the type of root=", "root=LABEL=m rootfstype=iso9660 rd.live=/r",
	  { READ("sda1", "ext4", "m"), READ("sr0", "iso9660", "m") }, FOUND("sr0") },
	{ "by its type alone", "rd.slipway.medium.type=iso9660",
	  { READ("sda1", "ext4", "m"), READ("sr0", "iso9660", "x") },
	  FOUND("sr0") },
	{ "two of a type", "rd.slipway.medium.type=iso9660",
	  { READ("sr0", "iso9660", "m"), READ("sr1", "iso9660", "x") },
	  .kind = STEP_AMBIGUOUS },
	{ "a named device, of that type", "isodev=/dev/sr0 rd.slipway.medium.type=iso9660", { UNREAD("sr0") },
	  .kind = STEP_PROBE, .device = "sr0" },
	{ "a named device of another type", "isodev=/dev/sr0 rd.slipway.medium.type=iso9660",
	  { READ("sr0", "udf", "m") },
	  .kind = STEP_WAIT },
	{ "it can be taken out", MEDIUM "rd.slipway.medium.removable",
	  { READ("sda1", "ext4", "m"), READ("sdb1", "ext4", "m", .removable = true) }, FOUND("sdb1") },
	{ "it cannot", MEDIUM "rd.slipway.medium.removable=0",
	  { READ("sda1", "ext4", "m"), READ("sdb1", "ext4", "m", .removable = true) }, FOUND("sda1") },
	{ "all that can be", "rd.slipway.medium.removable", { READ("sda1", "ext4", "m") }, .kind = STEP_WAIT },
	/* The image of a CD that was written to a stick. */
	{ "disk and partition show it", MEDIUM,
	  { READ("sda", "iso9660", "m"), READ("sda1", "iso9660", "m", PART_OF("sda")) },
	  FOUND("sda1") },
	{ "in any order", MEDIUM, { READ("sda1", "iso9660", "m", PART_OF("sda")), READ("sda", "iso9660", "m") },
	  FOUND("sda1") },
	{ "the partition of another disk", MEDIUM,
	  { READ("sda", "iso9660", "m"), READ("sdb1", "iso9660", "m", PART_OF("sdb")) }, .kind = STEP_AMBIGUOUS },
	{ "the partition has something else", MEDIUM,
	  { READ("sda", "iso9660", "m"), READ("sda2", "vfat", "m", PART_OF("sda")) }, .kind = STEP_AMBIGUOUS },
	{ "the whole by its name", "isodev=/dev/sda",
	  { READ("sda", "iso9660", "m"), READ("sda1", "iso9660", "m", PART_OF("sda")) }, FOUND("sda") },
	/* A medium that is a file. */
	{ "a file: each file system is looked at", SCAN, { READ("sda1", "ext4", "a"), READ("sdb1", "vfat", "b") },
	  LOOK("sda1") },
	{ "once", SCAN, { READ("sda1", "ext4", "a"), READ("sdb1", "vfat", "b") }, { LOOKED("sda1") },
	  LOOK("sdb1") },
	{ "while another is being looked at", SCAN, { READ("sda1", "ext4", "a"), READ("sdb1", "vfat", "b") },
	  { LOOKING("sda1") }, LOOK("sdb1") },
	{ "one that cannot be mounted is left alone", SCAN, { READ("sda1", "ext4", "a") }, { CANNOT("sda1") },
	  .kind = STEP_WAIT },
	{ "it is there", SCAN, { READ("sda1", "ext4", "a"), READ("sdb1", "vfat", "b", .holds = T("/x")) },
	  { LOOKED("sda1"), LOOKED("sdb1") }, FOUND("sdb1") },
	{ "another file is", SCAN, { READ("sda1", "ext4", "a", .holds = T("/y")) }, { LOOKED("sda1") },
	  .kind = STEP_WAIT },
	{ "on two", SCAN,
	  { READ("sda1", "ext4", "a", .holds = T("/x")), READ("sdb1", "vfat", "b", .holds = T("/x")) },
	  { LOOKED("sda1"), LOOKED("sdb1") }, .kind = STEP_AMBIGUOUS },
	{ "nobody has it", SCAN, { READ("sda1", "ext4", "a") }, { LOOKED("sda1") }, .uptime = 90000,
	  .kind = STEP_TIMEOUT },
	{ "what is no file system is not looked at", SCAN,
	  { { NAMED("sda1"), .probe = PROBE_DONE, .tags = { .type = T("swap"), .usage = T("other") } } },
	  .kind = STEP_WAIT },
};

static void assert_story(const struct story *s)
{
	_cleanup_(boot_free) struct boot boot = { 0 };
	struct story_tables t;
	struct step step;
	struct want want = { .what = "medium", .deadline = 90000 * MS };

	assert_int_equal(boot_parse(&(struct boot_text){ .kernel = s->words }, &boot), 0);
	want.spec = boot.file.path ? &boot.file.host.spec : &boot.live.medium.spec;
	STORY_FILL(&t, s);
	plan(&boot, &want, &t.devices, &t.attempts, (s->uptime ? s->uptime : 1000) * MS, &step);
	if (step.kind != s->kind || (s->device && (!step.device || !streq(step.device->name, s->device))) ||
	    (s->kind == STEP_ACT && step.action != s->action))
		fail_msg("%s: step %d of %s", s->name, step.kind, step.device ? step.device->name : "-");
}

static void medium_stories(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		assert_story(&stories[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(medium_stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
