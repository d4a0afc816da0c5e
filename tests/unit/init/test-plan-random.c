/* SPDX-License-Identifier: MIT */
/* test-plan-random: what holds for every table, and that following the steps comes to an end. */
#include "base/macro.h"
#include "init/match.h"
#include "init/plan.h"
#include "unit/unit.h"

#define SEC       UINT64_C(1000000)
#define FOREVER   UINT64_MAX
#define TABLES    20000
#define DEVICES   5
#define T(s)      ((char *)(s))

/* xorshift64: the same tables on every machine. */
static uint64_t seed;

static unsigned int below(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned int)(seed >> 33) % n;
}

static char *one_of(const char *const *words, unsigned int n)
{
	return T(words[below(n)]);
}

/* A world: what is, what was tried, and when each reading that is under way will end. */
struct world {
	struct device list[DEVICES], *items[DEVICES];
	struct devices devices;
	struct attempts attempts;
	struct spec spec;
	struct want want;
	uint64_t now, ends[DEVICES]; /* FOREVER: that device hangs */
};

#define PICK(...) one_of((const char *const[]){ __VA_ARGS__ }, \
			 ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })))

static void make_device(struct world *w, unsigned int i)
{
	static const char *const names[DEVICES] = { "vda", "vda1", "vda2", "dm-0", "fd0" };
	static char *links[] = { T("by-id/x"), NULL };
	struct device *dev = &w->list[i];

	*dev = (struct device){
		.name = T(names[i]),
		.devname = T(names[i]),
		.parent = below(2) ? T("vda") : NULL,
		.dm_name = below(2) ? T("x") : NULL,
		.devno = below(3),
		.partn = (int)below(3),
		.diskseq = below(3),
		.announced = i + 1,
		.sectors = below(8),
		.probe = (enum probe_state)below(PROBE_FAILED + 1),
		.probed_at = w->now - below(400000),
		.read_upto = below(2) ? below(DEVICES) : 0,
		.compared = below(DEVICES),
		.alike = below(2),
		.tags = {
			.type = PICK("ext4", "btrfs", NULL),
			.usage = PICK("filesystem", "raid", "crypto", "other", NULL),
			.uuid = PICK("x", "X", "y", NULL),
			.label = PICK("x", "y", NULL),
			.partuuid = PICK("x", "y", NULL),
			.partlabel = PICK("x", "y", NULL),
			.ambivalent = below(8) == 0,
		},
		.links = below(2) ? links : NULL,
	};
	w->items[i] = dev;
	w->ends[i] = below(3) ? w->now + below(2 * SEC) : FOREVER;
	if (dev->probe == PROBE_FAILED)
		assert_int_equal(attempts_failed(&w->attempts, dev->name, ACTION_PROBE, w->now - below(SEC)), 0);
}

static void make_world(struct world *w)
{
	static const char *const specs[] = {
		"UUID=x", "LABEL=x", "PARTUUID=x", "PARTUUID=x/PARTNROFF=1", "PARTLABEL=x", "/dev/vda1", "/dev/fd0",
		"0:1", "/dev/mapper/x", "/dev/disk/by-diskseq/1", "/dev/disk/by-id/x", "/dev/disk/by-path/x",
	};

	*w = (struct world){ .now = 1000 * SEC, .devices = { .items = w->items, .n = below(DEVICES + 1) } };
	assert_int_equal(spec_parse(specs[below(ARRAY_SIZE(specs))], &w->spec), 0);
	w->want = (struct want){
		.what = "root",
		.spec = &w->spec,
		.since = w->now - below(5 * SEC),
		.not_before = below(2) ? w->now - SEC + below(5 * SEC) : 0,
		.deadline = below(3) ? w->now - SEC + below(9 * SEC) : FOREVER,
	};
	for (unsigned int i = 0; i < w->devices.n; i++)
		make_device(w, i);
	if (below(2))
		assert_int_equal(attempts_done(&w->attempts, "root", ACTION_REPORT, w->now), 0);
}

static void free_world(struct world *w)
{
	attempts_free(&w->attempts);
	spec_free(&w->spec);
}

static unsigned int count_compared(const struct world *w, const struct device *match)
{
	unsigned int n = 0;

	for (size_t i = 0; i < w->devices.n; i++)
		n += plan_compares(&w->want, &w->devices, &w->attempts, match, w->items[i]);
	return n;
}

static void holds(const struct world *w, const struct step *step)
{
	const struct attempt *report = attempts_get(&w->attempts, "root", ACTION_REPORT);
	const struct device *dev = step->device;

	switch (step->kind) {
	case STEP_FOUND:
	case STEP_AMBIGUOUS:
		assert_int_equal(dev->probe, PROBE_DONE);
		assert_true(spec_matches(&w->spec, dev, &w->devices));
		assert_true(w->now >= w->want.not_before);
		break;
	case STEP_PROBE:
		assert_true(dev->probe == PROBE_NONE || dev->probe == PROBE_FAILED);
		assert_true(dev->sectors > 0);
		assert_true(attempts_get(&w->attempts, dev->name, ACTION_PROBE)->failed < 3);
		break;
	case STEP_COMPARE:
		assert_int_equal(dev->probe, PROBE_DONE);
		assert_true(spec_matches(&w->spec, dev, &w->devices));
		assert_true(count_compared(w, dev) > 0);
		break;
	case STEP_WAIT:
		/* In the past it would be a busy loop. */
		assert_true(step->wake_at > w->now);
		break;
	case STEP_TIMEOUT:
		assert_true(w->now >= w->want.deadline);
		break;
	case STEP_REPORT:
		assert_true(w->now >= w->want.since + 3 * SEC);
		/* Once, and again only when a device was read, or could not be, since. */
		assert_true(!report->done || w->now >= report->since + SEC);
		break;
	case STEP_ACT:
		assert_true(dev->probe == PROBE_DONE);
		break;
	case STEP_REFUSED:
		fail_msg("nobody was asked");
	}
	if (step->kind == STEP_AMBIGUOUS) {
		assert_ptr_not_equal(step->other, dev);
		assert_int_equal(step->other->probe, PROBE_DONE);
		assert_true(spec_matches(&w->spec, step->other, &w->devices));
	}
}

/* Time passes until the plan wants to be asked or a reading ends, well or not. False: it sleeps for ever. */
static bool pass_time(struct world *w, uint64_t wake_at)
{
	size_t first = w->devices.n;

	for (size_t i = 0; i < w->devices.n; i++)
		if ((w->list[i].probe == PROBE_RUNNING || w->list[i].probe == PROBE_COMPARING) &&
		    w->ends[i] < wake_at) {
			wake_at = w->ends[i];
			first = i;
		}
	if (wake_at == FOREVER)
		return false;
	w->now = MAX(w->now, wake_at);
	if (first == w->devices.n)
		return true;
	if (w->list[first].probe == PROBE_COMPARING) {
		w->list[first].probe = PROBE_NONE;
		w->list[first].alike = below(2);
		return true;
	}
	w->list[first].probed_at = w->now;
	w->list[first].probe = below(2) ? PROBE_DONE : PROBE_FAILED;
	if (w->list[first].probe == PROBE_FAILED)
		assert_int_equal(attempts_failed(&w->attempts, w->list[first].name, ACTION_PROBE, w->now), 0);
	return true;
}

static void compare(struct world *w, const struct device *match)
{
	bool which[DEVICES];

	for (size_t i = 0; i < w->devices.n; i++)
		which[i] = plan_compares(&w->want, &w->devices, &w->attempts, match, w->items[i]);
	for (size_t i = 0; i < w->devices.n; i++)
		if (which[i]) {
			w->list[i].probe = PROBE_COMPARING;
			w->list[i].compared = match->announced;
			w->ends[i] = below(4) ? w->now + below(2 * SEC) : FOREVER;
		}
}

/* Does what the step says, as await_device() does. False: the end. */
static bool follow(struct world *w, const struct step *step)
{
	size_t i;

	switch (step->kind) {
	case STEP_PROBE:
		for (i = 0; w->items[i] != step->device; i++)
			;
		w->list[i].probe = PROBE_RUNNING;
		w->ends[i] = below(4) ? w->now + below(2 * SEC) : FOREVER;
		return true;
	case STEP_COMPARE:
		compare(w, step->device);
		return true;
	case STEP_REPORT:
		assert_int_equal(attempts_done(&w->attempts, "root", ACTION_REPORT, w->now), 0);
		return true;
	case STEP_WAIT:
		return pass_time(w, step->wake_at);
	case STEP_FOUND:
	case STEP_AMBIGUOUS:
	case STEP_REFUSED:
	case STEP_TIMEOUT:
	case STEP_ACT:
		break;
	}
	return false;
}

static void every_table(void **state)
{
	const struct boot boot = { .luks = true };
	unsigned int ended[STEP_TIMEOUT + 1] = { 0 };

	seed = UINT64_C(0x5eed5eed5eed5eed);
	for (unsigned int i = 0; i < TABLES; i++) {
		struct step step = { 0 }, again;
		struct world w;
		unsigned int n = 0;

		make_world(&w);
		do {
			plan(&boot, &w.want, &w.devices, &w.attempts, w.now, &step);
			holds(&w, &step);
			plan(&boot, &w.want, &w.devices, &w.attempts, w.now, &again);
			assert_true(again.kind == step.kind && again.device == step.device &&
				    again.other == step.other && again.wake_at == step.wake_at);
			/* Each device: three readings,
				their ends and the pauses between; a report of each; delay, settling. */
			if (++n > DEVICES * 12 + 8)
				fail_msg("table %u: no end after %u steps", i, n);
		} while (follow(&w, &step));
		ended[step.kind]++;
		free_world(&w);
	}
	/* The tables are of use only when they end in every way. */
	for (enum step_kind k = STEP_WAIT; k <= STEP_TIMEOUT; k++)
		if (k != STEP_PROBE && k != STEP_COMPARE && k != STEP_REPORT && k != STEP_ACT && k != STEP_REFUSED)
			assert_true(ended[k] > TABLES / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
