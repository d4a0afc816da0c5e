/* SPDX-License-Identifier: MIT */
/* test-gpt: which partition is meant by its type, what follows for plan(), and what the firmware's variable says. */
#include "init/gpt.h"

#include <errno.h>

#include "base/macro.h"
#include "init/gptauto.h"
#include "init/plan.h"
#include "unit/unit.h"

#define T(s)   ((char *)(s))
#define ROOT   "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
#define USR    "8484680c-9521-48c6-9c11-b0720656f69e"
#define ESP    "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
#define LOADER "11111111-0000-4000-8000-00000000000a"
#define MS     UINT64_C(1000)

#define DISK(n) { \
	.name = T(n), .devname = T(n), .sectors = 8, .probe = PROBE_DONE, .probed_at = 1, \
	.tags.pttype = T("gpt") }
#define PART(disk, nr, id, part, ...) { \
	.name = T(disk #nr), .devname = T(disk #nr), .parent = T(disk), .partn = nr, .sectors = 8, \
	.probe = PROBE_DONE, 	.probed_at = 1, .tags = { .partuuid = T(id), .parttype = T(part), __VA_ARGS__ } }
#define UNREAD(disk, nr) { .name = T(disk #nr), .devname = T(disk #nr), .parent = T(disk), .sectors = 8 }
#define FS       .type = T("ext4"), .usage = T("filesystem"), .uuid = T("u")
#define LUKS     .type = T("crypto_LUKS"), .usage = T("crypto"), .uuid = T("c")
#define LABEL(l) .partlabel = T(l)
#define FLAGS(f) .partflags = T(f)
#define LOADERS(disk) PART(disk, 1, LOADER, ESP, .type = T("vfat"), .usage = T("filesystem"))
#define MAPPED(n, on, dm) { \
	.name = T(n), .devname = T(n), .sectors = 8, .probe = PROBE_DONE, .probed_at = 1, .tags = { FS }, \
	.dm_uuid = T(dm), .slaves = (char *[]){ T(on), NULL } }

#define FOUND(n)     .kind = STEP_FOUND, .device = n
#define PROBE(n)     .kind = STEP_PROBE, .device = n
#define AMBIGUOUS(n) .kind = STEP_AMBIGUOUS, .device = n
#define ASK(n)       .kind = STEP_ACT, .action = ACTION_ASK, .device = n
#define WAIT         .kind = STEP_WAIT

struct story {
	const char *name;
	struct device devices[6]; /* up to the first without a name */
	enum step_kind kind;
	const char *device; /* of that step; NULL: none */
	bool read_only;
	enum action action;
};

static const struct story stories[] = {
	{ "the root beside the loader", { DISK("vda"), LOADERS("vda"), PART("vda", 2, "b", ROOT, FS) }, FOUND("vda2") },
	{ "in capitals", { LOADERS("vda"), PART("vda", 2, "b", "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", FS) },
	  FOUND("vda2") },
	{ "of another type", { LOADERS("vda"), PART("vda", 2, "b", USR, FS) }, WAIT },
	{ "not on that disk", { LOADERS("vda"), PART("vdb", 2, "b", ROOT, FS) }, WAIT },
	{ "no partition", { LOADERS("vda"), { .name = T("vdb"), .devname = T("vdb"), .sectors = 8, .probe = PROBE_DONE,
	  .probed_at = 1, .tags = { FS, .parttype = T(ROOT) } } }, WAIT },
	{ "the loader's is not read yet", { UNREAD("vda", 1),
	  PART("vda", 2, "b", ROOT, FS) }, PROBE("vda1") },
	{ "never by itself", { LOADERS("vda"), PART("vda", 2, "b", ROOT, FS, FLAGS("0x8000000000000000")) }, WAIT },
	{ "the second, where the first is not to be used", { LOADERS("vda"),
	  PART("vda", 2, "b", ROOT, FS, LABEL("z"), FLAGS("0x8000000000000000")),
	  PART("vda", 3, "c", ROOT, FS, LABEL("a")) },
	  FOUND("vda3") },
	{ "the newest by its label", { LOADERS("vda"), PART("vda", 2, "b", ROOT, FS, LABEL("os_9")),
	  PART("vda", 3, "c", ROOT, FS, LABEL("os_10")),
	  PART("vda", 4, "d", ROOT, FS, LABEL("os_8")) }, FOUND("vda3") },
	{ "the first where none is newer", { LOADERS("vda"), PART("vda", 3, "c", ROOT, FS),
	  PART("vda", 2, "b", ROOT, FS) },
	  FOUND("vda2") },
	{ "a newer one that holds nothing counts, too", { LOADERS("vda"), PART("vda", 2, "b", ROOT, FS, LABEL("1")),
	  PART("vda", 3, "c", ROOT, LABEL("2")) }, WAIT },
	{ "one that is still to be read might be newer", { LOADERS("vda"), PART("vda", 2, "b", ROOT, FS),
	  UNREAD("vda", 3) }, PROBE("vda3") },
	{ "to be read only", { LOADERS("vda"), PART("vda", 2, "b", ROOT, FS, FLAGS("0x1000000000000000")) },
	  FOUND("vda2"), .read_only = true },
	{ "to be grown", { LOADERS("vda"), PART("vda", 2, "b", ROOT, FS, FLAGS("0x800000000000000")) }, FOUND("vda2") },
	{ "two copies of the disk", { LOADERS("vda"), PART("vda", 2, "b", ROOT, FS), LOADERS("vdb"),
	  PART("vdb", 2, "b", ROOT, FS) }, AMBIGUOUS("vda2") },
	{ "a container is opened", { LOADERS("vda"), PART("vda", 2, "b", ROOT, LUKS) }, ASK("vda2") },
	{ "another container is not", { LOADERS("vda"), PART("vda", 2, "b", "0", LUKS) }, WAIT },
	{ "of two the one of that type", { LOADERS("vda"), PART("vda", 2, "b", "0", LUKS),
	  PART("vda", 3, "c", ROOT, .type = T("crypto_LUKS"), .usage = T("crypto"), .uuid = T("d")) },
	  ASK("vda3") },
	{ "what was opened from it", { LOADERS("vda"), PART("vda", 2, "b", ROOT, LUKS, FLAGS("0x1000000000000000")),
	  MAPPED("dm-0", "vda2", "CRYPT-LUKS2-c-x") }, FOUND("dm-0"), .read_only = true },
	{ "nothing else that stands on it", { LOADERS("vda"), PART("vda", 2, "b", ROOT, LUKS),
	  MAPPED("dm-0", "vda2", "LVM-c-x") }, WAIT },
	{ "a volume group is left alone", { LOADERS("vda"), PART("vda", 2, "b", ROOT, .type = T("LVM2_member"),
	  .usage = T("raid"), .uuid = T("p")) }, WAIT },
};

static void each_story(void **state)
{
	static const struct spec spec = {
		.kind = SPEC_GPT, .text = T("gpt-auto"), .value = T(LOADER), .parttype = T(ROOT),
	};
	const struct want want = { .what = "root", .spec = &spec, .deadline = UINT64_MAX };
	struct boot boot = { .luks = true, .md = true, .lvm = true };

	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		const struct story *s = &stories[i];
		struct device *items[ARRAY_SIZE(s->devices)];
		struct devices devices = { .items = items };
		struct attempts none = { 0 };
		struct step step;

		while (devices.n < ARRAY_SIZE(s->devices) && s->devices[devices.n].name) {
			items[devices.n] = (struct device *)&s->devices[devices.n];
			devices.n++;
		}
		plan(&boot, &want, &devices, &none, 500 * MS, &step);
		if (step.kind != s->kind || !streq_null(s->device, s->device ? step.device->name : NULL))
			fail_msg("%s: step %d about %s", s->name, step.kind, step.device ? step.device->name : "none");
		if (step.kind == STEP_ACT)
			assert_int_equal(step.action, s->action);
		if (step.kind == STEP_FOUND)
			assert_true(gpt_is_read_only(&spec, step.device, &devices) == s->read_only);
	}
}

static void machines(void **state)
{
	static const char *const known[] = { "x86_64", "aarch64", "i686", "armv7l", "ppc64le", "loongarch64", "s390x" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const struct gpt_types *t = gpt_types_of(known[i]);

		assert_non_null(t);
		assert_int_equal(strlen(t->root), 36);
		assert_int_equal(strlen(t->usr), 36);
		assert_int_equal(strlen(t->root_verity), 36);
	}
	assert_string_equal(gpt_types_of("x86_64")->root, ROOT);
	assert_string_equal(gpt_types_of("x86_64")->usr, USR);
	assert_null(gpt_types_of("vax"));
	assert_null(gpt_types_of(""));
}

static void variable(void **state)
{
	static const char upper[] = "0123ABCD-0000-4000-8000-00000000000F";
	char data[4 + 2 * sizeof(upper)] = { 6 }, uuid[LOADER_UUID_SIZE] = "as it was";

	for (size_t i = 0; i < sizeof(upper); i++)
		data[4 + 2 * i] = upper[i];
	/* With its end and without. */
	assert_int_equal(gptauto_decode(data, sizeof(data), uuid), 0);
	assert_string_equal(uuid, "0123abcd-0000-4000-8000-00000000000f");
	assert_int_equal(gptauto_decode(data, sizeof(data) - 2, uuid), 0);
	strcpy(uuid, "as it was");
	for (size_t size = 0; size < sizeof(data) - 2; size++)
		assert_int_equal(gptauto_decode(data, size, uuid), -EBADMSG);
	for (size_t i = 4; i < sizeof(data) - 2; i++) {
		char byte = data[i];

		data[i] = (i - 4) % 2 ? 1 : 'g';
		assert_int_equal(gptauto_decode(data, sizeof(data), uuid), -EBADMSG);
		data[i] = byte;
	}
	assert_string_equal(uuid, "as it was");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_story),
		cmocka_unit_test(machines),
		cmocka_unit_test(variable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
