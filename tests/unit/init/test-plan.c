/* SPDX-License-Identifier: MIT */
/* test-plan: stories, one a row: what was asked, seen and tried, and the step that follows. */
#include "base/macro.h"
#include "init/match.h"
#include "init/plan.h"
#include "unit/story.h"

#define MS UINT64_C(1000) /* all times of a row are ms after the wait began */
#define T(s) ((char *)(s))

#define NAMED(n) .name = T(n), .devname = T(n)
#define NO_MEDIUM(n) { NAMED(n), .sectors = 0 }
#define DEVICE(n, ...) { NAMED(n), .sectors = 8, __VA_ARGS__ }
#define UNREAD(n, ...) DEVICE(n, .probe = PROBE_NONE, __VA_ARGS__)
#define READING(n, ...) DEVICE(n, .probe = PROBE_RUNNING, __VA_ARGS__)
/* Since 100 ms. */
#define BUSY(n, ...) READING(n, .probe_since = 100 * MS, __VA_ARGS__)
#define FAILED(n, ...) DEVICE(n, .probe = PROBE_FAILED, __VA_ARGS__)
/* Read at 100 ms. */
#define READ(n, ...) DEVICE(n, .probe = PROBE_DONE, .probed_at = 100 * MS, __VA_ARGS__)
#define TAGS(u, ...) .tags = { .usage = T(u), __VA_ARGS__ }
#define UUID(n, id, ...) READ(n, TAGS("filesystem", .type = T("ext4"), .uuid = T(id)), __VA_ARGS__)
#define PART(n, of, nr, id) READ(n, .parent = T(of), .partn = nr, .tags = { .partuuid = T(id) })
#define LINK(name) .links = (char *[]){ T("by-id/other"), T(name), NULL }
/* The first message was about what fits, and four came until it was read. */
#define FITS(n) UUID(n, "a", .announced = 1, .read_upto = 4)
#define OTHER(n, ...) UNREAD(n, .announced = 2, __VA_ARGS__)
#define COMPARING(n) DEVICE(n, .probe = PROBE_COMPARING, .announced = 2)
#define TRIED(n, times, at) { .subject = T(n), .action = ACTION_PROBE, .failed = times, .since = (at) * MS }
/* After all that has happened. */
#define REPORTED { .subject = T("root"), .action = ACTION_REPORT, .done = true, .since = FOREVER }

#define WAIT(until) { STEP_WAIT, NULL, NULL, (until) * MS }
#define WAIT_FOR_NEWS { STEP_WAIT, NULL, NULL, FOREVER }
#define PROBE(n) { STEP_PROBE, n, NULL, 0 }
#define COMPARE(n) { STEP_COMPARE, n, NULL, 0 }
#define FOUND(n) { STEP_FOUND, n, NULL, 0 }
#define AMBIGUOUS(a, b) { STEP_AMBIGUOUS, a, b, 0 }
#define REPORT { STEP_REPORT, NULL, NULL, 0 }
#define TIMEOUT { STEP_TIMEOUT, NULL, NULL, 0 }
#define FOREVER UINT64_MAX

struct story {
	const char *name, *root;
	struct device devices[3]; /* up to the first without a name */
	struct attempt tried[2];
	uint64_t now;
	struct {
		enum step_kind kind;
		const char *device, *other;
		uint64_t wake_at;
	} step;
	uint64_t deadline; /* ms, or FOREVER; 0: 90 s */
	uint64_t delay;    /* rootdelay, ms */
	unsigned int at_once;
};

static const struct story waiting[] = {
	{ "nothing seen", "UUID=a", .now = 0, .step = WAIT(3000) },
	{ "a moment before the report", "UUID=a", .now = 2999, .step = WAIT(3000) },
	{ "three seconds: why it takes so long", "UUID=a", .now = 3000, .step = REPORT },
	{ "the report is late, not lost", "UUID=a", .now = 60000, .step = REPORT },
	{ "told once", "UUID=a", .tried = { REPORTED }, .now = 3000, .step = WAIT(90000) },
	{ "told again when there is news", "UUID=a", { UUID("vdb1", "b") }, .now = 5000, .step = REPORT,
	  .tried = { { .subject = T("root"), .action = ACTION_REPORT, .done = true, .since = 50 * MS } } },
	{ "but not every moment", "UUID=a", { FAILED("vdb1") }, .now = 3500, .step = WAIT(4000),
	  .tried = { { .subject = T("root"), .action = ACTION_REPORT, .done = true, .since = 3000 * MS },
		     TRIED("vdb1", 3, 3200) } },
	{ "another's report is not ours", "UUID=a", .now = 3000, .step = REPORT,
	  .tried = { { .subject = T("usr"), .action = ACTION_REPORT, .done = true } } },
	{ "a moment before the deadline", "UUID=a", .tried = { REPORTED }, .now = 89999, .step = WAIT(90000) },
	{ "the deadline exactly", "UUID=a", .tried = { REPORTED }, .now = 90000, .step = TIMEOUT },
	{ "after the deadline", "UUID=a", .tried = { REPORTED }, .now = 90001, .step = TIMEOUT },
	{ "a deadline before the report", "UUID=a", .now = 1000, .deadline = 1000, .step = TIMEOUT },
	{ "waiting until a deadline before the report", "UUID=a", .deadline = 1000, .step = WAIT(1000) },
	{ "for ever", "UUID=a", .tried = { REPORTED }, .now = 1000000, .deadline = FOREVER, .step = WAIT_FOR_NEWS },
	{ "for ever is reported too", "UUID=a", .now = 3000, .deadline = FOREVER, .step = REPORT },
	{ "for ever, at first", "UUID=a", .now = 0, .deadline = FOREVER, .step = WAIT(3000) },
};

static const struct story probing[] = {
	{ "what was not read is read", "UUID=a", { UNREAD("vda1") }, .step = PROBE("vda1") },
	{ "one after the other", "UUID=a", { READING("vda"), UNREAD("vda1"), UNREAD("vda2") },
	  .step = PROBE("vda1") },
	{ "being read", "UUID=a", { READING("vda1") }, .step = WAIT(3000) },
	{ "read before it is taken", "UUID=a", { UUID("vda1", "a"), UNREAD("vdb1") }, .now = 100,
	  .step = PROBE("vdb1") },
	{ "a last look at the deadline", "UUID=a", { UNREAD("vda1") }, .now = 90000, .step = PROBE("vda1") },
	{ "failed: again after a while", "UUID=a", { FAILED("vda1") }, { TRIED("vda1", 1, 1000) },
	  .now = 1000, .step = WAIT(1250) },
	{ "a moment before the second try", "UUID=a", { FAILED("vda1") }, { TRIED("vda1", 1, 1000) },
	  .now = 1249, .step = WAIT(1250) },
	{ "the second try", "UUID=a", { FAILED("vda1") }, { TRIED("vda1", 1, 1000) }, .now = 1250,
	  .step = PROBE("vda1") },
	{ "the third try", "UUID=a", { FAILED("vda1") }, { TRIED("vda1", 2, 1000) }, .now = 2000,
	  .step = PROBE("vda1") },
	{ "no fourth", "UUID=a", { FAILED("vda1") }, { TRIED("vda1", 3, 1000), REPORTED }, .now = 50000,
	  .step = WAIT(90000) },
	{ "the earliest of two retries", "UUID=a", { FAILED("vda"), FAILED("vdb") },
	  { TRIED("vda", 1, 1200), TRIED("vdb", 2, 1100) }, .now = 1300, .step = WAIT(1350) },
	{ "whichever is first", "UUID=a", { FAILED("vda"), FAILED("vdb") },
	  { TRIED("vda", 1, 1100), TRIED("vdb", 2, 1200) }, .now = 1300, .step = WAIT(1350) },
	{ "no medium, nothing to read", "UUID=a", { NO_MEDIUM("sr0") }, .step = WAIT(3000) },
	{ "no medium, though named", "/dev/sr0", { NO_MEDIUM("sr0") }, .step = WAIT(3000) },
	{ "a floppy drive is not started on a guess", "UUID=a", { UNREAD("fd0") }, .step = WAIT(3000) },
	{ "nor are RAM disks read", "LABEL=a", { UNREAD("ram15") }, .step = WAIT(3000) },
	{ "zram is no RAM disk", "UUID=a", { UNREAD("zram0") }, .step = PROBE("zram0") },
	{ "a floppy that is named", "/dev/fd0", { UNREAD("fd0") }, .step = PROBE("fd0") },
	{ "a floppy by its number", "2:0", { UNREAD("fd0", .devno = 0x200) }, .step = PROBE("fd0") },
	{ "a name: the others stay unread", "/dev/vdb1", { UNREAD("vda1"), UNREAD("vda2") }, .step = WAIT(3000) },
	{ "a name: that one", "/dev/vdb1", { UNREAD("vda1"), UNREAD("vdb1") }, .step = PROBE("vdb1") },
	{ "a number: that one", "8:1", { UNREAD("sdb1", .devno = 0x811), UNREAD("sda1", .devno = 0x801) },
	  .step = PROBE("sda1") },
};

/* The first to come is known first. */
static const struct story crowds[] = {
	{ "as many as may are being read", "UUID=a", { BUSY("vda"), BUSY("vdb"), UNREAD("vdc") }, .at_once = 2,
	  .now = 150, .step = WAIT(200) },
	{ "one more may", "UUID=a", { BUSY("vda"), UNREAD("vdb"), UNREAD("vdc") }, .at_once = 2, .now = 150,
	  .step = PROBE("vdb") },
	{ "any number may", "UUID=a", { BUSY("vda"), BUSY("vdb"), UNREAD("vdc") }, .now = 150, .step = PROBE("vdc") },
	{ "who is slow is in nobody's way", "UUID=a", { BUSY("vda"), BUSY("vdb"), UNREAD("vdc") }, .at_once = 2,
	  .now = 200, .step = PROBE("vdc") },
	{ "what fits waits for its turn of the others", "UUID=a", { UUID("vda", "a"), BUSY("vdb"), UNREAD("vdc") },
	  .at_once = 1, .now = 150, .step = WAIT(200) },
	{ "what had come before it was read is read", "LABEL=a",
	  { READ("vda", TAGS("filesystem", .type = T("ext4"), .label = T("a")), .announced = 1, .read_upto = 2),
	    UNREAD("vdb", .announced = 2) }, .now = 100, .step = PROBE("vdb") },
	{ "what came later is not", "UUID=a",
	  { UUID("vda", "a", .announced = 1, .read_upto = 2), UNREAD("vdb", .announced = 3) }, .now = 100,
	  .step = FOUND("vda") },
	{ "for another it is", "UUID=b",
	  { UUID("vda", "a", .announced = 1, .read_upto = 2), UNREAD("vdb", .announced = 3) }, .now = 100,
	  .step = PROBE("vdb") },
	{ "a btrfs may need it", "UUID=a",
	  { READ("vda", TAGS("filesystem", .type = T("btrfs"), .uuid = T("a")), .announced = 1, .read_upto = 2),
	    UNREAD("vdb", .announced = 3) }, .now = 100, .step = PROBE("vdb") },
};

/* Once it is known what is wanted, the others only have to be no copies of it. */
static const struct story comparing[] = {
	{ "what had come before it was read is compared", "UUID=a", { FITS("vda"), OTHER("vdb") }, .now = 100,
	  .step = COMPARE("vda") },
	{ "without a turn", "UUID=a", { FITS("vda"), BUSY("vdb"), OTHER("vdc") }, .at_once = 1, .now = 150,
	  .step = COMPARE("vda") },
	{ "it is waited for", "UUID=a", { FITS("vda"), COMPARING("vdb") }, .now = 150, .step = WAIT(350) },
	{ "no longer than for a reading", "UUID=a", { FITS("vda"), COMPARING("vdb") }, .now = 350,
	  .step = FOUND("vda") },
	{ "no copy", "UUID=a", { FITS("vda"), OTHER("vdb", .compared = 1) }, .now = 100, .step = FOUND("vda") },
	{ "what may be one is read", "UUID=a", { FITS("vda"), OTHER("vdb", .compared = 1, .alike = true) },
	  .now = 100, .step = PROBE("vdb") },
	{ "and is one", "UUID=a", { FITS("vda"), UUID("vdb", "a", .compared = 1, .alike = true) }, .now = 100,
	  .step = AMBIGUOUS("vda", "vdb") },
	{ "or a member of an array", "UUID=a",
	  { FITS("vda"), READ("vdb", TAGS("raid", .uuid = T("a")), .compared = 1, .alike = true) }, .now = 100,
	  .step = FOUND("vda") },
	{ "compared with what was there before", "UUID=a",
	  { UUID("vda", "a", .announced = 3, .read_upto = 4), OTHER("vdb", .compared = 1) }, .now = 100,
	  .step = COMPARE("vda") },
	{ "what could not be read is read again", "UUID=a", { FITS("vda"), FAILED("vdb", .announced = 2) },
	  { TRIED("vdb", 1, 0) }, .now = 300, .step = PROBE("vdb") },
	{ "for another want all are read", "UUID=b", { FITS("vda"), OTHER("vdb", .compared = 1) }, .now = 100,
	  .step = PROBE("vdb") },
	{ "what comes too late is not compared", "UUID=a", { FITS("vda"), UNREAD("vdb", .announced = 5) },
	  .now = 100, .step = FOUND("vda") },
	{ "nor is a floppy", "UUID=a", { FITS("vda"), OTHER("fd0") }, .now = 100, .step = FOUND("vda") },
	{ "nor without a medium", "UUID=a", { FITS("vda"), { NAMED("sr0"), .announced = 2 } }, .now = 100,
	  .step = FOUND("vda") },
	{ "any file system may have that label", "LABEL=l",
	  { READ("vda", TAGS("filesystem", .type = T("ext4"), .label = T("l")), .announced = 1, .read_upto = 4),
	    OTHER("vdb") }, .now = 100, .step = PROBE("vdb") },
	{ "a device of a btrfs", "UUID=a",
	  { READ("vda", TAGS("filesystem", .type = T("btrfs"), .uuid = T("a")), .announced = 1, .read_upto = 4),
	    OTHER("vdb") }, .now = 100, .step = PROBE("vdb") },
	{ "what was opened from the container of that UUID", "UUID=a",
	  { UUID("dm-0", "b", .dm_uuid = T("CRYPT-LUKS2-a-x"), .announced = 1, .read_upto = 4), OTHER("vdb") },
	  .now = 100, .step = PROBE("vdb") },
	{ "swap, which may hold a hibernation image", "UUID=a",
	  { READ("vda", TAGS("other", .type = T("swap"), .uuid = T("a")), .announced = 1, .read_upto = 4),
	    OTHER("vdb") }, .now = 100, .step = PROBE("vdb") },
};

static const struct story finding[] = {
	{ "UUID", "UUID=a", { UUID("vda1", "b"), UUID("vda2", "a") }, .now = 100, .step = FOUND("vda2") },
	{ "UUID in the other case", "UUID=AbCd-01", { UUID("vda1", "aBcD-01") }, .now = 100,
	  .step = FOUND("vda1") },
	{ "UUID is no prefix", "UUID=ab", { UUID("vda1", "abc"), UUID("vda2", "a") }, .now = 100,
	  .step = WAIT(3000) },
	{ "by-uuid", "/dev/disk/by-uuid/a", { UUID("vda1", "a") }, .now = 100, .step = FOUND("vda1") },
	{ "LABEL", "LABEL=root", { READ("vda1", TAGS("filesystem", .label = T("root"))) }, .now = 100,
	  .step = FOUND("vda1") },
	{ "LABEL has a case", "LABEL=Root", { READ("vda1", TAGS("filesystem", .label = T("root"))) },
	  .now = 100, .step = WAIT(3000) },
	{ "LABEL of swap, for resume=", "LABEL=s", { READ("vda1", TAGS("other", .label = T("s"))) },
	  .now = 100, .step = FOUND("vda1") },
	{ "UUID of swap", "UUID=s", { READ("vda1", TAGS("other", .uuid = T("s"))) }, .now = 100,
	  .step = FOUND("vda1") },
	{ "UUID of an array's member", "UUID=a", { READ("vda1", TAGS("raid", .uuid = T("a"))) }, .now = 100,
	  .step = WAIT(3000) },
	{ "LABEL of an array's member", "LABEL=a", { READ("vda1", TAGS("raid", .label = T("a"))) },
	  .now = 100, .step = WAIT(3000) },
	{ "UUID of a LUKS container", "UUID=a", { READ("vda1", TAGS("crypto", .uuid = T("a"))) },
	  .now = 100, .step = WAIT(3000) },
	{ "LABEL of a LUKS container", "LABEL=a", { READ("vda1", TAGS("crypto", .label = T("a"))) },
	  .now = 100, .step = WAIT(3000) },
	{ "UUID on what is of two kinds", "UUID=a",
	  { READ("vda1", TAGS("filesystem", .uuid = T("a"), .ambivalent = true)) }, .now = 100,
	  .step = WAIT(3000) },
	{ "tags of unknown use", "UUID=a", { READ("vda1", .tags = { .uuid = T("a") }) }, .now = 100,
	  .step = WAIT(3000) },
	{ "PARTUUID", "PARTUUID=P-1", { PART("vda1", "vda", 1, "p-1") }, .now = 100, .step = FOUND("vda1") },
	{ "PARTUUID with an offset", "PARTUUID=p/PARTNROFF=2",
	  { PART("vda3", "vda", 3, "r"), PART("vdb3", "vdb", 3, "q"), PART("vda1", "vda", 1, "p") },
	  .now = 100, .step = FOUND("vda3") },
	{ "PARTUUID with an offset backwards", "PARTUUID=r/PARTNROFF=-2",
	  { PART("vda3", "vda", 3, "r"), PART("vda1", "vda", 1, "p") }, .now = 100, .step = FOUND("vda1") },
	{ "the offset from a partition not seen", "PARTUUID=p/PARTNROFF=2",
	  { PART("vda3", "vda", 3, "r"), PART("vdb1", "vdb", 1, "p") }, .now = 100, .step = WAIT(3000) },
	{ "PARTLABEL", "PARTLABEL=a b", { READ("vda1", .tags = { .partlabel = T("a b") }) }, .now = 100,
	  .step = FOUND("vda1") },
	{ "/dev/NAME, whatever it holds", "/dev/vda1", { READ("vda1", TAGS("raid")) }, .now = 100,
	  .step = FOUND("vda1") },
	{ "number", "254:1", { READ("vda1", .devno = 0xfe01) }, .now = 100, .step = FOUND("vda1") },
	{ "dm name", "/dev/mapper/vg-root", { READ("dm-1"), READ("dm-0", .dm_name = T("vg-root")) },
	  .now = 100, .step = FOUND("dm-0") },
	{ "by-id", "/dev/disk/by-id/virtio-x", { READ("vda"), READ("vdb", LINK("by-id/virtio-x")) },
	  .now = 100, .step = FOUND("vdb") },
	{ "by-path", "/dev/disk/by-path/pci-x", { READ("vdb", LINK("by-path/pci-x")) }, .now = 100,
	  .step = FOUND("vdb") },
	{ "by-id is not by-path", "/dev/disk/by-path/virtio-x", { READ("vdb", LINK("by-id/virtio-x")) },
	  .now = 100, .step = WAIT(3000) },
};

#define DISK_7 READ("vda", .diskseq = 7)
#define PART_7 READ("vda2", .diskseq = 7, .parent = T("vda"), .partn = 2)

static const struct story diskseqs[] = {
	{ "a disk", "/dev/disk/by-diskseq/7", { PART_7, DISK_7 }, .now = 100, .step = FOUND("vda") },
	{ "a partition", "/dev/disk/by-diskseq/7-part2", { DISK_7, PART_7 }, .now = 100, .step = FOUND("vda2") },
	{ "another disk", "/dev/disk/by-diskseq/8", { DISK_7 }, .now = 100, .step = WAIT(3000) },
	{ "another partition", "/dev/disk/by-diskseq/7-part1", { PART_7 }, .now = 100, .step = WAIT(3000) },
	{ "a kernel that numbers none", "/dev/disk/by-diskseq/0", { READ("vda") }, .now = 100, .step = WAIT(3000) },
	{ "letters after it", "/dev/disk/by-diskseq/7x", { DISK_7 }, .now = 100, .step = WAIT(3000) },
	{ "half a partition", "/dev/disk/by-diskseq/7-part", { DISK_7 }, .now = 100, .step = WAIT(3000) },
	{ "letters after the partition", "/dev/disk/by-diskseq/7-part2x", { PART_7 }, .now = 100,
	  .step = WAIT(3000) },
};

static const struct story choosing[] = {
	{ "two with one UUID", "UUID=a", { UUID("vda1", "a"), UUID("vdb1", "a") }, .now = 100,
	  .step = AMBIGUOUS("vda1", "vdb1") },
	{ "three with one UUID", "UUID=a", { UUID("vda1", "a"), UUID("vdb1", "a"), UUID("vdc1", "a") },
	  .now = 100, .step = AMBIGUOUS("vda1", "vdb1") },
	{ "a copy on an array's member is none", "UUID=a",
	  { READ("vda1", TAGS("raid", .uuid = T("a"))), UUID("md0", "a") }, .now = 100, .step = FOUND("md0") },
	{ "one fits, another is being read", "UUID=a", { UUID("vda1", "a"), READING("vdb1") }, .now = 100,
	  .step = WAIT(350) },
	{ "a moment before it was long enough", "UUID=a", { UUID("vda1", "a"), READING("vdb1") }, .now = 349,
	  .step = WAIT(350) },
	{ "a disk that dies holds up nobody", "UUID=a", { UUID("vda1", "a"), READING("vdb1") }, .now = 350,
	  .step = FOUND("vda1") },
	{ "nor does one that failed", "UUID=a", { UUID("vda1", "a"), FAILED("vdb1") },
	  { TRIED("vdb1", 1, 100) }, .now = 100, .step = FOUND("vda1") },
	{ "the deadline does not cut that while short", "UUID=a", { UUID("vda1", "a"), READING("vdb1") },
	  .now = 150, .deadline = 120, .step = WAIT(350) },
	{ "found at the deadline", "UUID=a", { UUID("vda1", "a") }, .now = 90000, .step = FOUND("vda1") },
	{ "rootdelay: found too early", "UUID=a", { UUID("vda1", "a") }, .now = 500, .delay = 2000,
	  .step = WAIT(2000) },
	{ "rootdelay: time", "UUID=a", { UUID("vda1", "a") }, .now = 2000, .delay = 2000,
	  .step = FOUND("vda1") },
	{ "rootdelay beyond the deadline", "UUID=a", { UUID("vda1", "a") }, .now = 1500, .deadline = 1000,
	  .delay = 2000, .step = WAIT(2000) },
	{ "rootdelay, and two fit", "UUID=a", { UUID("vda1", "a"), UUID("vdb1", "a") }, .now = 500,
	  .delay = 2000, .step = WAIT(2000) },
	{ "rootdelay is no reason not to read", "UUID=a", { UNREAD("vda1") }, .now = 0, .delay = 2000,
	  .step = PROBE("vda1") },
	{ "rootdelay, and another is to be read again", "UUID=a", { UUID("vda1", "a"), FAILED("vdb1") },
	  { TRIED("vdb1", 1, 450) }, .now = 500, .delay = 2000, .step = WAIT(700) },
	{ "a report waits for nobody who was found", "UUID=a", { UUID("vda1", "a"), READING("vdb1") },
	  .now = 5000, .step = FOUND("vda1") },
};

static const char *const kinds[] = {
	[STEP_WAIT] = "wait",     [STEP_PROBE] = "probe",         [STEP_REPORT] = "report",
	[STEP_FOUND] = "found",   [STEP_AMBIGUOUS] = "ambiguous", [STEP_TIMEOUT] = "timeout",
	[STEP_ACT] = "act",       [STEP_REFUSED] = "refused",     [STEP_COMPARE] = "compare",
};

static const char *name_of(const struct device *dev)
{
	return dev ? dev->name : "none";
}

static bool as_told(const struct story *s, const struct step *step)
{
	if (step->kind != s->step.kind)
		return false;
	if (s->step.device && !streq(name_of(step->device), s->step.device))
		return false;
	if (s->step.other && !streq(name_of(step->other), s->step.other))
		return false;
	return step->kind != STEP_WAIT || step->wake_at == s->step.wake_at;
}

static void tell(const struct story *s)
{
	_cleanup_(spec_free) struct spec spec = { 0 };
	const struct boot boot = { .luks = true, .md = true, .lvm = true };
	struct story_tables t;
	struct want want = { .what = "root", .spec = &spec, .not_before = s->delay * MS,
			     .at_once = s->at_once };
	struct step step;

	assert_int_equal(spec_parse(s->root, &spec), 0);
	want.deadline = s->deadline == FOREVER ? FOREVER : (s->deadline ? s->deadline : 90000) * MS;
	STORY_FILL(&t, s);
	plan(&boot, &want, &t.devices, &t.attempts, s->now * MS, &step);
	if (!as_told(s, &step))
		fail_msg("%s: %s %s/%s, wake at %llu us", s->name, kinds[step.kind], name_of(step.device),
			 name_of(step.other), (unsigned long long)step.wake_at);
}

#define STORIES(name)                                            \
	static void name##_stories(void **state)                 \
	{                                                        \
		for (size_t i = 0; i < ARRAY_SIZE(name); i++)    \
			tell(&name[i]);                          \
	}

STORIES(waiting)
STORIES(probing)
STORIES(crowds)
STORIES(comparing)
STORIES(finding)
STORIES(diskseqs)
STORIES(choosing)

/* A want without a spec is nobody's; it must not take the first that comes. */
static void nothing_is_named(void **state)
{
	const struct spec none = { .kind = SPEC_NONE };
	struct device vda = UUID("vda", "a"), *items[] = { &vda };
	const struct devices devices = { .items = items, .n = 1 };

	assert_false(spec_matches(&none, &vda, &devices));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_stories),  cmocka_unit_test(probing_stories),
		cmocka_unit_test(finding_stories),  cmocka_unit_test(diskseqs_stories),
		cmocka_unit_test(choosing_stories), cmocka_unit_test(nothing_is_named),
		cmocka_unit_test(crowds_stories),   cmocka_unit_test(comparing_stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
