/* SPDX-License-Identifier: MIT */
/* plan: the policy of finding a device. */
#include "init/plan.h"

#include "base/strv.h"
#include "init/layer.h"
#include "init/lvname.h"
#include "init/match.h"
#include "init/pool.h"

#define FOREVER          UINT64_MAX /* USEC_FOREVER, without the header that reads clocks */
#define REPORT_AFTER     (3 * SEC)
#define REPORT_EVERY     SEC
#define PROBE_TRIES      3
#define PROBE_RETRY      (SEC / 4)
/* What was opened may take this long to show what is on it, even if the deadline comes meanwhile. */
#define GRACE            (10 * SEC)

/* A btrfs that was named by one of its devices needs the others, too. */
static bool names_btrfs(const struct view *v)
{
	for (size_t i = 0; i < v->devices->n; i++) {
		const struct device *dev = v->devices->items[i];

		if (dev->probe == PROBE_DONE && dev->tags.type && streq(dev->tags.type, "btrfs") &&
		    spec_matches(v->want->spec, dev, v->devices))
			return true;
	}
	return false;
}

/* Is the attempt about the array: one of its members, itself, or the container that it is in? */
static bool starts(const struct view *v, const struct attempt *a, const struct device *array)
{
	const struct device *dev = devices_find(v->devices, a->subject);

	return streq(a->subject, array->name) || strv_contains(array->slaves, a->subject) ||
	       (dev && dev->slaves && strv_contains(array->slaves, dev->slaves[0]));
}

/*
 * mdadm holds an array until it ends, so that nobody else can open it alone. A volume of a container is read-only until
 * mdmon has it, for which mdadm waits; it may not be known yet what it stands on.
 */
static bool is_being_started(const struct view *v, const struct device *dev)
{
	for (size_t i = 0; dev->md_state && i < v->attempts->n; i++) {
		const struct attempt *a = &v->attempts->items[i];

		if (a->running && (a->action == ACTION_ASSEMBLE || a->action == ACTION_START) &&
		    (streq(dev->md_state, "readonly") || starts(v, a, dev)))
			return true;
	}
	return false;
}

/*
 * Could reading it tell us anything? Floppies, RAM disks and what is inside of logical volumes are read only when
 * they are named.
 */
static bool worth_probing(const struct view *v, const struct device *dev, bool all)
{
	if (dev->sectors == 0 || is_being_started(v, dev))
		return false;
	if (spec_matches(v->want->spec, dev, v->devices))
		return true;
	return all && !startswith(dev->name, "fd") && !startswith(dev->name, "ram") &&
	       !lvname_is_private(dev->dm_name, dev->dm_uuid);
}

/* As many as may are being read: beside a hundred others the first to come would be the last to be known. */
static bool enough_probes_running(const struct view *v, uint64_t *wake_at)
{
	unsigned int n = 0;
	uint64_t next = FOREVER;

	for (size_t i = 0; i < v->devices->n; i++) {
		const struct device *dev = v->devices->items[i];

		if (dev->probe != PROBE_RUNNING || v->now >= dev->probe_since + PROBE_BUSY)
			continue;
		next = MIN(next, dev->probe_since + PROBE_BUSY);
		n++;
	}
	if (v->want->at_once == 0 || n < v->want->at_once)
		return false;
	*wake_at = MIN(*wake_at, next);
	return true;
}

/*
 * What is wanted may be there twice, so whatever had come when it was read is read, too. What comes after that comes
 * too late to be its copy, as it would a second later. Of a btrfs all are needed.
 */
static bool comes_too_late(const struct device *dev, const struct device *match)
{
	return match && match->read_upto > 0 && dev->announced > match->read_upto &&
	       !streq_null(match->tags.type, "btrfs");
}

/* Where a device's name is known and nothing can lie between it and us, that one alone is read. */
static bool reads_all(const struct view *v)
{
	const struct spec *spec = v->want->spec;

	return spec_is_of_tags(spec) || spec_may_be_stacked(spec) || names_btrfs(v);
}

static bool is_unread(const struct view *v, const struct device *match, const struct device *dev, bool all)
{
	return (dev->probe == PROBE_NONE || dev->probe == PROBE_FAILED) &&
	       attempts_get(v->attempts, dev->name, ACTION_PROBE)->failed < PROBE_TRIES &&
	       !comes_too_late(dev, match) && worth_probing(v, dev, all);
}

/*
 * Is it enough to know that it is no copy of what fits? What that is not told by takes reading it whole, as does what
 * seems to be one, and what is needed beside it.
 */
static bool need_only_differ(const struct view *v, const struct device *match, const struct device *dev)
{
	return match && match->announced > 0 && dev->probe == PROBE_NONE &&
	       spec_copies_are_alike(v->want->spec, match) && !streq_null(match->tags.type, "btrfs") &&
	       !(dev->compared == match->announced && dev->alike);
}

static bool compares(const struct view *v, const struct device *match, const struct device *dev)
{
	return need_only_differ(v, match, dev) && dev->compared != match->announced &&
	       is_unread(v, match, dev, reads_all(v));
}

bool plan_compares(const struct want *want, const struct devices *devices, const struct attempts *attempts,
		   const struct device *match, const struct device *dev)
{
	const struct view v = { .want = want, .devices = devices, .attempts = attempts };

	return compares(&v, match, dev);
}

static bool any_to_compare(const struct view *v, const struct device *match)
{
	for (size_t i = 0; i < v->devices->n; i++)
		if (compares(v, match, v->devices->items[i]))
			return true;
	return false;
}

/* The next device to read, or NULL; the earliest retry is put into `wake_at`. `match`: what fits, or NULL. */
static const struct device *next_probe(const struct view *v, const struct device *match, uint64_t *wake_at)
{
	bool all = reads_all(v);

	if (enough_probes_running(v, wake_at))
		return NULL;
	for (size_t i = 0; i < v->devices->n; i++) {
		const struct device *dev = v->devices->items[i];
		const struct attempt *tried = attempts_get(v->attempts, dev->name, ACTION_PROBE);

		if (!is_unread(v, match, dev, all) || need_only_differ(v, match, dev))
			continue;
		if (tried->failed == 0 || v->now >= tried->since + PROBE_RETRY)
			return dev;
		*wake_at = MIN(*wake_at, tried->since + PROBE_RETRY);
	}
	return NULL;
}

/* The devices that fit and have been read; counts them, names two. Devices of one btrfs are one. */
static size_t find_matches(const struct view *v, struct step *step)
{
	size_t n = 0;

	for (size_t i = 0; i < v->devices->n; i++) {
		const struct device *dev = v->devices->items[i];

		if (dev->probe != PROBE_DONE || !spec_matches(v->want->spec, dev, v->devices))
			continue;
		if (n > 0 && pool_same_btrfs(step->device, dev))
			continue;
		if (n == 0)
			step->device = dev;
		else if (n == 1)
			step->other = dev;
		n++;
	}
	return n;
}

/* When something last happened: a device was read, a try began or ended. Telling of it is none. */
static uint64_t last_news(const struct view *v)
{
	uint64_t last = v->want->since;

	for (size_t i = 0; i < v->devices->n; i++)
		last = MAX(last, v->devices->items[i]->probed_at);
	for (size_t i = 0; i < v->attempts->n; i++)
		if (v->attempts->items[i].action != ACTION_REPORT)
			last = MAX(last, v->attempts->items[i].since);
	return last;
}

/* Somebody is asked, or a container is being opened: that takes as long as it takes. */
static bool any_act_running(const struct attempts *attempts)
{
	for (size_t i = 0; i < attempts->n; i++)
		if (attempts->items[i].running)
			return true;
	return false;
}

static uint64_t last_success(const struct attempts *attempts)
{
	uint64_t last = 0;

	for (size_t i = 0; i < attempts->n; i++)
		if (attempts->items[i].done && attempts->items[i].action != ACTION_REPORT)
			last = MAX(last, attempts->items[i].since);
	return last;
}

static bool is_over(const struct view *v, struct step *step)
{
	uint64_t success = last_success(v->attempts), end = v->want->deadline;

	if (end == FOREVER || any_act_running(v->attempts))
		return false;
	if (success > 0)
		end = MAX(end, success + GRACE);
	step->wake_at = MIN(step->wake_at, end);
	return v->now >= end;
}

/* Found, but is it time, and is it alone? The deadline no longer counts: it was for the finding. */
static void decide(const struct view *v, size_t matches, struct step *step)
{
	if (v->now < v->want->not_before)
		step->wake_at = MIN(step->wake_at, v->want->not_before);
	else if (matches > 1)
		step->kind = STEP_AMBIGUOUS;
	else if (any_probe_running(v->devices) && v->now < step->device->probed_at + SETTLE)
		step->wake_at = MIN(step->wake_at, step->device->probed_at + SETTLE);
	else
		step->kind = STEP_FOUND;
}

/* Nothing found yet. */
static void search_on(const struct view *v, struct step *step)
{
	const struct attempt *report = attempts_get(v->attempts, v->want->what, ACTION_REPORT);
	uint64_t next = v->want->since + REPORT_AFTER;

	if (is_over(v, step)) {
		step->kind = STEP_TIMEOUT;
		return;
	}
	if (report->done && last_news(v) <= report->since)
		return;
	if (report->done)
		next = MAX(next, report->since + REPORT_EVERY);
	if (v->now >= next)
		step->kind = STEP_REPORT;
	else
		step->wake_at = MIN(step->wake_at, next);
}

/* Something under what is wanted that can be opened now. */
static bool open_member(const struct view *v, struct step *step)
{
	for (size_t i = 0; i < v->devices->n; i++)
		if (spec_reaches(v->want->spec, v->devices->items[i], v->devices) &&
		    layer_next(v, v->devices->items[i], step))
			return true;
	return false;
}

void plan(const struct boot *boot, const struct want *want, const struct devices *devices,
	  const struct attempts *attempts, uint64_t now, struct step *ret)
{
	const struct view v = {
		.boot = boot, .want = want, .devices = devices, .attempts = attempts, .now = now,
	};
	struct step step = { .kind = STEP_WAIT, .wake_at = FOREVER };
	size_t matches = find_matches(&v, &step);
	bool compare = any_to_compare(&v, step.device);
	const struct device *probe = compare ? NULL : next_probe(&v, step.device, &step.wake_at);

	if (compare) {
		step.kind = STEP_COMPARE;
	} else if (probe) {
		step.kind = STEP_PROBE;
		step.device = probe;
	} else if (matches > 0 && pool_btrfs_ready(&v, step.device, &step)) {
		decide(&v, matches, &step);
	} else if ((matches == 0 && !spec_may_be_stacked(want->spec)) || !open_member(&v, &step)) {
		search_on(&v, &step);
	}
	*ret = step;
}
