/* SPDX-License-Identifier: MIT */
/* test-arrival: every stack in every order of arrival: late, missing, gone and back, and there twice. */
#include "arrival.h"

#define ORDERS 1000 /* of each kind of mishap, for each stack */

#define NAMED(n, what) .name = n, .made = what
#define ON(...) .on = { __VA_ARGS__ }
#define EXT4(id) .type = "ext4", .usage = "filesystem", .uuid = id
#define SWAP(id) .type = "swap", .usage = "other", .uuid = id
#define LUKS(id) .type = "crypto_LUKS", .usage = "crypto", .uuid = id
#define PV(id, vg) .type = "LVM2_member", .usage = "raid", .uuid = id, .group = vg
#define RAID(id, which) .type = "linux_raid_member", .usage = "raid", .uuid = id, .sub = which
#define IMSM .type = "isw_raid_member", .usage = "raid"
#define BTRFS(id, which) .type = "btrfs", .usage = "filesystem", .uuid = id, .sub = which
#define BOOT(...) .boot = { .luks = true, .md = true, .lvm = true, .md_degraded = true, .md_imsm = true, \
				__VA_ARGS__ }
#define CONTAINERS(...) .volumes = (struct volume[]){ __VA_ARGS__ }, \
			.volumes_n = ARRAY_SIZE(((struct volume[]){ __VA_ARGS__ }))
#define BY_UUID(id) { .source = { .kind = SPEC_UUID, .text = T("UUID=" id), .value = T(id) } }

static const struct stack stacks[] = {
	{ "plain", "UUID=r", { { NAMED("vda", DISK), EXT4("r") }, { NAMED("vdb", DISK), EXT4("x") } }, BOOT(),
	  { "vda" } },
	{ "luks", "UUID=c", { { NAMED("vda", DISK), LUKS("c") }, { NAMED("dm-0", CRYPT), EXT4("r"), ON("vda") } },
	  BOOT(), { "dm-0" } },
	{ "lvm", "/dev/vg/root",
	  { { NAMED("vda", DISK), PV("1", "vg") }, { NAMED("vdb", DISK), PV("2", "vg") },
	    { NAMED("lv-root", LV), EXT4("r"), .group = "vg", ON("vda", "vdb") } },
	  BOOT(), { "lv-root" }, .waits = "volume group vg lacks devices (1 of 2: vd" },
	{ "lvm on luks", "UUID=r",
	  { { NAMED("vda", DISK), LUKS("c") }, { NAMED("dm-0", CRYPT), PV("1", "vg"), ON("vda") },
	    { NAMED("lv-root", LV), EXT4("r"), .group = "vg", ON("dm-0") } },
	  BOOT(CONTAINERS(BY_UUID("c"))), { "lv-root" }, .waits = "no LUKS container UUID=c is there" },
	{ "luks on lvm", "UUID=r",
	  { { NAMED("vda", DISK), PV("1", "vg") }, { NAMED("vdb", DISK), PV("2", "vg") },
	    { NAMED("lv-crypt", LV), LUKS("c"), .group = "vg", ON("vda", "vdb") },
	    { NAMED("dm-1", CRYPT), EXT4("r"), ON("lv-crypt") } },
	  BOOT(), { "dm-1" }, .waits = "volume group vg lacks devices (1 of 2: vd" },
	{ "tower", "/dev/mapper/vg-root",
	  { { NAMED("vda", DISK), RAID("m", "1") }, { NAMED("vdb", DISK), RAID("m", "2") },
	    { NAMED("md0", ARRAY), LUKS("c"), ON("vda", "vdb"), .enough = 1 },
	    { NAMED("dm-0", CRYPT), PV("1", "vg"), ON("md0") },
	    { NAMED("lv-root", LV), EXT4("r"), .group = "vg", ON("dm-0") } },
	  BOOT(), { "lv-root" }, .missing = 1 },
	{ "raid5", "UUID=r",
	  { { NAMED("vda", DISK), RAID("m", "1") }, { NAMED("vdb", DISK), RAID("m", "2") },
	    { NAMED("vdc", DISK), RAID("m", "3") },
	    { NAMED("md0", ARRAY), EXT4("r"), ON("vda", "vdb", "vdc"), .enough = 2 } },
	  BOOT(), { "md0" }, .missing = 1 },
	{ "raid0", "UUID=r",
	  { { NAMED("vda", DISK), RAID("m", "1") }, { NAMED("vdb", DISK), RAID("m", "2") },
	    { NAMED("md0", ARRAY), EXT4("r"), ON("vda", "vdb"), .enough = 2 } },
	  BOOT(), { "md0" }, .waits = "array md0 lacks members (" },
	{ "container", "UUID=r",
	  { { NAMED("vda", DISK), IMSM }, { NAMED("vdb", DISK), IMSM },
	    { NAMED("md127", CONTAINER), ON("vda", "vdb"), .enough = 1 },
	    { NAMED("md126", VOLUME), EXT4("r"), ON("vda", "vdb") } },
	  BOOT(), { "md126" }, .missing = 1 },
	{ "btrfs on two luks", "UUID=b",
	  { { NAMED("vda", DISK), LUKS("c") }, { NAMED("vdb", DISK), LUKS("d") },
	    { NAMED("dm-0", CRYPT), BTRFS("b", "1"), ON("vda") },
	    { NAMED("dm-1", CRYPT), BTRFS("b", "2"), ON("vdb") } },
	  BOOT(CONTAINERS(BY_UUID("c"), BY_UUID("d"))), { "dm-0", "dm-1" },
	  .waits = "btrfs b lacks devices (1 of 2: dm-" },
	{ "btrfs", "UUID=b",
	  { { NAMED("vda", DISK), BTRFS("b", "1") }, { NAMED("vdb", DISK), BTRFS("b", "2") },
	    { NAMED("vdc", DISK), BTRFS("b", "3") } },
	  BOOT(), { "vda", "vdb", "vdc" }, .waits = "btrfs b lacks devices (2 of 3: vd" },
	{ "thin", "/dev/vg/root",
	  { { NAMED("vda", DISK), PV("1", "vg") }, { NAMED("lv-tmeta", LV), .group = "vg", ON("vda") },
	    { NAMED("lv-tdata", LV), .group = "vg", ON("vda") },
	    { NAMED("lv-root", LV), EXT4("r"), .group = "vg", ON("lv-tmeta", "lv-tdata") } },
	  BOOT(), { "lv-root" }, .waits = "no PV of volume group vg is there" },
	{ "swap on lvm", "/dev/vg/root",
	  { { NAMED("vda", DISK), PV("1", "vg") }, { NAMED("lv-root", LV), EXT4("r"), .group = "vg", ON("vda") },
	    { NAMED("lv-swap", LV), SWAP("s"), .group = "vg", ON("vda") } },
	  BOOT(), { "lv-root" }, .waits = "no PV of volume group vg is there",
	  .first = { "resume", "/dev/vg/swap", "lv-swap" } },
	{ "file on luks", "loop",
	  { { NAMED("vda", DISK), LUKS("c") }, { NAMED("dm-0", CRYPT), EXT4("h"), ON("vda") },
	    { NAMED("vdb", DISK), EXT4("x") }, { NAMED("loop0", LOOP), EXT4("r") } },
	  BOOT(CONTAINERS(BY_UUID("c"))), { "loop0" }, .first = { "host", "UUID=h", "dm-0" } },
};

/* The disks of a stack, by number. */
static size_t disks_of(const struct world *w, size_t ret[THINGS])
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		if (w->things[i].made == DISK)
			ret[n++] = i;
	return n;
}

/* They come in the order number `order` (all of them in turn), at most `gap` after one another, but `last` at `at`. */
static void arrive(struct world *w, unsigned int order, uint64_t gap, size_t last, uint64_t at)
{
	size_t disks[THINGS], n = disks_of(w, disks);
	uint64_t when = w->now;

	for (; n > 0; n--) {
		size_t i = order % n, disk = disks[i];

		order /= (unsigned int)n;
		disks[i] = disks[n - 1];
		when += gap ? below(w, gap) : 0;
		if (disk != last || at != NEVER)
			add_event(w, (struct occurrence){ .at = disk == last ? w->now + at : when, .kind = ARRIVES,
						     .thing = disk });
	}
}

/* The root, after what is resumed from, or what its file lies on, where there is one. */
static enum step_kind boot(struct world *w, const char **ret_name)
{
	const char *const *first = w->stack->first;
	enum step_kind kind = first[0] ? await(w, first[0], first[1], ret_name) : STEP_FOUND;

	if (first[0] && kind == STEP_FOUND)
		assert_string_equal(*ret_name, first[2]);
	if (first[0] && kind != STEP_FOUND && streq(first[0], "host"))
		return kind;
	for (size_t i = 0; i < w->n; i++)
		if (w->things[i].made == LOOP)
			come_later(w, i);
	return await(w, "root", w->stack->root, ret_name);
}

static void is_found(const struct world *w, enum step_kind kind, const char *name, const char *how, unsigned int order)
{
	const struct stack *s = w->stack;

	bool right = false;

	for (size_t i = 0; i < ARRAY_SIZE(s->found); i++)
		right = right || streq_null(s->found[i], name);
	if (kind != STEP_FOUND || !right)
		fail_msg("%s, %s, order %u: step of kind %d, \"%s\"; %s", s->name, how, order, kind, name, w->told);
}

static void finds(struct world *w, const char *how, unsigned int order)
{
	const char *name;
	enum step_kind kind = boot(w, &name);

	is_found(w, kind, name, how, order);
}

/* One of the disks, each in its turn. */
static size_t pick_disk(const struct world *w, unsigned int order)
{
	size_t disks[THINGS];

	return disks[order % disks_of(w, disks)];
}

/* Each stack, and each order, in a world of its own. */
static void in_all_worlds(void (*story)(struct world *w, unsigned int order))
{
	for (size_t s = 0; s < ARRAY_SIZE(stacks); s++)
		for (unsigned int order = 0; order < ORDERS; order++) {
			struct world w;

			open_world(&w, &stacks[s], order);
			story(&w, order);
			close_world(&w);
		}
}

static void all_come(struct world *w, unsigned int order)
{
	arrive(w, order, order % 3 * SEC, THINGS, 0);
	finds(w, "all", order);
	assert_false(w->degraded);
}

static void in_every_order(void **state)
{
	in_all_worlds(all_come);
}

/* 20 s are waited for each of them, whatever could be done without it. */
static void comes_late(struct world *w, unsigned int order)
{
	arrive(w, order, SEC, pick_disk(w, order), 20 * SEC);
	finds(w, "one late", order);
	assert_false(w->degraded);
}

static void one_late(void **state)
{
	in_all_worlds(comes_late);
}

/* It comes when its array was started without it, or is about to be: nothing is done twice, and the root is found. */
static void comes_too_late(struct world *w, unsigned int order)
{
	size_t last = pick_disk(w, order);

	if (w->stack->missing == 0)
		return;
	arrive(w, order, SEC, last, 29 * SEC + below(w, 8 * SEC));
	finds(w, "one too late", order);
}

static void one_too_late(void **state)
{
	in_all_worlds(comes_too_late);
}

/* Degraded after half a minute where that is possible, else never, and what is missing is named. */
static void is_missing(struct world *w, unsigned int order)
{
	const char *name, *waits = w->stack->waits;
	size_t last = pick_disk(w, order);
	enum step_kind kind;

	arrive(w, order, SEC, last, NEVER);
	kind = boot(w, &name);
	if (w->stack->missing > 0) {
		is_found(w, kind, name, "one missing", order);
		assert_true(w->degraded && w->now >= 1030 * SEC && w->now < 1060 * SEC);
	} else if (last == 0 || !streq_null(w->things[last].uuid, "x")) {
		assert_int_equal(kind, STEP_TIMEOUT);
	}
	if (waits && !strstr(w->told, waits))
		fail_msg("%s: \"%s\"", w->stack->name, w->told);
}

static void one_missing(void **state)
{
	in_all_worlds(is_missing);
}

/* Something may stand on it already: then it stays. */
static void goes_and_returns(struct world *w, unsigned int order)
{
	size_t victim = pick_disk(w, order);
	uint64_t at;

	arrive(w, order, SEC, THINGS, 0);
	at = w->now + SEC + below(w, 3 * SEC);
	add_event(w, (struct occurrence){ .at = at, .kind = LEAVES, .thing = victim });
	add_event(w, (struct occurrence){ .at = at + SEC / 10 + below(w, 3 * SEC), .kind = RETURNS, .thing = victim });
	finds(w, "one gone and back", order);
	assert_false(w->degraded);
}

static void one_gone_and_back(void **state)
{
	in_all_worlds(goes_and_returns);
}

/* Whatever is announced again, at any time, and also when one is missing. */
static void is_announced_again(struct world *w, unsigned int order)
{
	size_t last = pick_disk(w, order);

	arrive(w, order, SEC, last, w->stack->missing > 0 && order % 2 ? NEVER : 3 * SEC);
	/* A message that comes between a container's opening and the mapping's would open it again. */
	w->at_once = true;
	for (size_t n = 0; n < 5; n++)
		add_event(w, (struct occurrence){ .at = w->now + below(w, 8 * SEC), .kind = CHANGES,
						  .thing = below(w, w->n) });
	finds(w, "announced again", order);
}

static void announced_again(void **state)
{
	in_all_worlds(is_announced_again);
}

/* Beside the disk number `which` another one with the same on it. False: nothing would tell the two apart. */
static bool add_twin(struct world *w, unsigned int which, size_t *ret)
{
	*ret = pick_disk(w, which);
	if (!w->things[*ret].uuid) /* a member of a container */
		return false;
	w->things[w->n] = w->things[*ret];
	w->things[w->n++].name = "vdz";
	return true;
}

/* All are there from the start, and one of them twice: neither is taken by chance, and both are named. */
static void is_refused(struct world *w, unsigned int order)
{
	const char *name;
	size_t twin;
	enum step_kind kind;

	if (!add_twin(w, order, &twin) || streq(w->things[twin].uuid, "x")) /* not the root of "plain" */
		return;
	w->flaws = false; /* a quarter of a second is all that the second one gets */
	arrive(w, order, 0, THINGS, 0);
	kind = boot(w, &name);
	if (kind != STEP_AMBIGUOUS && kind != STEP_TIMEOUT)
		fail_msg("%s, twice: order %u: kind %d, \"%s\"; %s", w->stack->name, order, kind, name, w->told);
	if (kind == STEP_TIMEOUT && (!strstr(w->told, "vdz") || !strstr(w->told, w->things[twin].name)))
		fail_msg("%s, twice: \"%s\"", w->stack->name, w->told);
}

static void one_twice(void **state)
{
	in_all_worlds(is_refused);
}

/* The twin comes when it likes: it is never opened beside the other. What becomes of the root may depend on when. */
static void twin_comes(struct world *w, unsigned int order)
{
	const char *name;
	size_t twin;

	(void)add_twin(w, order, &twin);
	arrive(w, order, 2 * SEC, THINGS, 0);
	(void)boot(w, &name);
}

static void one_twice_in_any_order(void **state)
{
	in_all_worlds(twin_comes);
}

/* Two groups of one name: lvm2 activates neither, and that is said. */
static void two_groups_of_one_name(void **state)
{
	static const struct stack twins = {
		"two groups", "UUID=r",
		{ { NAMED("vda", DISK), PV("1", "vg"), .sub = "1" }, { NAMED("vdb", DISK), PV("2", "vg"), .sub = "2" },
		  { NAMED("lv-root", LV), EXT4("r"), .group = "vg", ON("vda") } },
		BOOT(),
	};

	for (unsigned int order = 0; order < ORDERS; order++) {
		const char *name;
		struct world w;

		open_world(&w, &twins, order);
		arrive(&w, order, 0, THINGS, 0);
		assert_int_equal(boot(&w, &name), STEP_TIMEOUT);
		if (!streq(w.told, "vg could not be activated (its PVs: vda vdb)") &&
		    !streq(w.told, "vg could not be activated (its PVs: vdb vda)"))
			fail_msg("\"%s\"", w.told);
		close_world(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_every_order),
		cmocka_unit_test(one_late),
		cmocka_unit_test(one_too_late),
		cmocka_unit_test(one_missing),
		cmocka_unit_test(one_gone_and_back),
		cmocka_unit_test(announced_again),
		cmocka_unit_test(one_twice),
		cmocka_unit_test(one_twice_in_any_order),
		cmocka_unit_test(two_groups_of_one_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
