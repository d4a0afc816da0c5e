/* SPDX-License-Identifier: MIT */
/* plan: the policy of finding a device. */
#include "init/plan.h"

#include <strings.h>

#include "base/strv.h"

#define SEC              UINT64_C(1000000)
#define FOREVER          UINT64_MAX /* USEC_FOREVER, without the header that reads clocks */
#define REPORT_AFTER     (3 * SEC)
/*
 * Once a device fits, those that are being read get this long to show that they fit too. A device that dies
 * on its first read must not hold up the boot, and of two with the same UUID none may win by chance.
 */
#define SETTLE           (SEC / 4)
#define PROBE_TRIES      3
#define PROBE_RETRY      (SEC / 4)

static bool equal_nocase(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

static bool is_filesystem(const struct device *dev)
{
	/* Members of an array carry the array's UUID, and a LUKS container its own: neither is the file system. */
	return !dev->tags.ambivalent && dev->tags.usage && streq(dev->tags.usage, "filesystem");
}

static bool has_uuid(const struct spec *spec, const struct device *dev)
{
	return equal_nocase(dev->tags.uuid, spec->value) &&
	       (is_filesystem(dev) || streq_null(dev->tags.usage, "other") /* swap */);
}

static bool has_label(const struct spec *spec, const struct device *dev)
{
	return streq_null(dev->tags.label, spec->value) &&
	       (is_filesystem(dev) || streq_null(dev->tags.usage, "other"));
}

/* The partition itself, or the part_offset-th after it on the same disk. */
static bool has_partuuid(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	if (spec->part_offset == 0)
		return equal_nocase(dev->tags.partuuid, spec->value);
	for (size_t i = 0; i < devices->n; i++) {
		const struct device *base = devices->items[i];

		if (equal_nocase(base->tags.partuuid, spec->value) && base->parent &&
		    streq_null(base->parent, dev->parent) && dev->partn == base->partn + spec->part_offset)
			return true;
	}
	return false;
}

static bool has_link(const struct device *dev, const char *directory, const char *name)
{
	STRV_FOREACH(link, dev->links) {
		const char *rest = startswith(*link, directory);

		if (rest && streq(rest, name))
			return true;
	}
	return false;
}

/* The whole name, as udev would write it: "7", "7-part1". */
static bool has_diskseq(const struct spec *spec, const struct device *dev)
{
	char name[64];

	if (dev->diskseq == 0)
		return false;
	if (dev->parent)
		(void)snprintf(name, sizeof(name), "%llu-part%d", (unsigned long long)dev->diskseq, dev->partn);
	else
		(void)snprintf(name, sizeof(name), "%llu", (unsigned long long)dev->diskseq);
	return streq(name, spec->value);
}

bool spec_matches(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	switch (spec->kind) {
	case SPEC_UUID:
		return has_uuid(spec, dev);
	case SPEC_LABEL:
		return has_label(spec, dev);
	case SPEC_PARTUUID:
		return has_partuuid(spec, dev, devices);
	case SPEC_PARTLABEL:
		return streq_null(dev->tags.partlabel, spec->value);
	case SPEC_NAME:
		return streq(dev->devname, spec->value);
	case SPEC_DM_NAME:
		return dev->dm_name && streq(dev->dm_name, spec->value);
	case SPEC_DEVNO:
		return dev->devno == spec->devno;
	case SPEC_DISKSEQ:
		return has_diskseq(spec, dev);
	case SPEC_ID:
		return has_link(dev, "by-id/", spec->value);
	case SPEC_PATH:
		return has_link(dev, "by-path/", spec->value);
	case SPEC_NONE:
		break;
	}
	return false;
}

/* Must a device be read before it is known whether it fits? */
static bool spec_is_of_tags(const struct spec *spec)
{
	return spec->kind == SPEC_UUID || spec->kind == SPEC_LABEL || spec->kind == SPEC_PARTUUID ||
	       spec->kind == SPEC_PARTLABEL;
}

/* Could reading it tell us anything? Floppies and RAM disks are read only when they are named. */
static bool worth_probing(const struct want *want, const struct device *dev, const struct devices *devices)
{
	if (dev->sectors == 0)
		return false;
	if (!spec_is_of_tags(want->spec))
		return spec_matches(want->spec, dev, devices);
	return !startswith(dev->name, "fd") && !startswith(dev->name, "ram");
}

/* The next device to read, or NULL; the earliest retry is put into `wake_at`. */
static const struct device *next_probe(const struct want *want, const struct devices *devices,
				       const struct attempts *attempts, uint64_t now, uint64_t *wake_at)
{
	for (size_t i = 0; i < devices->n; i++) {
		const struct device *dev = devices->items[i];
		const struct attempt *tried = attempts_get(attempts, dev->name, ACTION_PROBE);

		if (dev->probe == PROBE_DONE || dev->probe == PROBE_RUNNING || tried->failed >= PROBE_TRIES ||
		    !worth_probing(want, dev, devices))
			continue;
		if (tried->failed == 0 || now >= tried->since + PROBE_RETRY)
			return dev;
		*wake_at = MIN(*wake_at, tried->since + PROBE_RETRY);
	}
	return NULL;
}

static bool any_running(const struct devices *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		if (devices->items[i]->probe == PROBE_RUNNING)
			return true;
	return false;
}

/* The devices that fit and have been read; counts them, names two. */
static size_t find_matches(const struct want *want, const struct devices *devices, struct step *step)
{
	size_t n = 0;

	for (size_t i = 0; i < devices->n; i++) {
		const struct device *dev = devices->items[i];

		if (dev->probe != PROBE_DONE || !spec_matches(want->spec, dev, devices))
			continue;
		if (n == 0)
			step->device = dev;
		else if (n == 1)
			step->other = dev;
		n++;
	}
	return n;
}

/* Found, but is it time, and is it alone? The deadline no longer counts: it was for the finding. */
static void decide(const struct want *want, const struct devices *devices, size_t matches, uint64_t now,
		   struct step *step)
{
	if (now < want->not_before)
		step->wake_at = MIN(step->wake_at, want->not_before);
	else if (matches > 1)
		step->kind = STEP_AMBIGUOUS;
	else if (any_running(devices) && now < step->device->probed_at + SETTLE)
		step->wake_at = MIN(step->wake_at, step->device->probed_at + SETTLE);
	else
		step->kind = STEP_FOUND;
}

/* Nothing found yet. */
static void search_on(const struct want *want, const struct attempts *attempts, uint64_t now, struct step *step)
{
	step->wake_at = MIN(step->wake_at, want->deadline);
	if (now >= want->deadline)
		step->kind = STEP_TIMEOUT;
	else if (attempts_get(attempts, want->what, ACTION_REPORT)->done)
		return;
	else if (now >= want->since + REPORT_AFTER)
		step->kind = STEP_REPORT;
	else
		step->wake_at = MIN(step->wake_at, want->since + REPORT_AFTER);
}

void plan(const struct want *want, const struct devices *devices, const struct attempts *attempts, uint64_t now,
	  struct step *ret)
{
	struct step step = { .kind = STEP_WAIT, .wake_at = FOREVER };
	const struct device *probe = next_probe(want, devices, attempts, now, &step.wake_at);
	size_t matches = find_matches(want, devices, &step);

	if (probe) {
		step.kind = STEP_PROBE;
		step.device = probe;
	} else if (matches > 0) {
		decide(want, devices, matches, now, &step);
	} else {
		search_on(want, attempts, now, &step);
	}
	*ret = step;
}
