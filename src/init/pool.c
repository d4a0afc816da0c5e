/* SPDX-License-Identifier: MIT */
/* pool: what takes several devices to be whole. */
#include "init/pool.h"

#include "base/strv.h"
#include "init/lvname.h"
#include "init/match.h"

#define SCAN_TRIES 3
#define SCAN_RETRY (SEC / 4)

/* LVM: each PV tells its VG, and whether that is whole; then what root needs of it is activated. */

static bool scan(const struct view *v, const struct device *dev, struct step *step)
{
	const struct attempt *a = tried(v, dev->name, ACTION_SCAN);

	if (a->running || a->done || a->failed >= SCAN_TRIES)
		return false;
	if (a->failed > 0 && !is_time(v, a->since + SCAN_RETRY, step))
		return false;
	return act(step, ACTION_SCAN, dev);
}

static bool is_of_group(const char *name, const char *group)
{
	struct lvname lv;

	return lvname_read(name, &lv) && streq(lv.group, group);
}

/* When a PV of that group last came, and whether all of them are there. */
static uint64_t last_scan(const struct view *v, const char *group, bool *ret_complete)
{
	uint64_t last = 0;

	*ret_complete = false;
	for (size_t i = 0; i < v->devices->n; i++) {
		const struct device *dev = v->devices->items[i];

		if (!streq_null(dev->membership.group, group))
			continue;
		*ret_complete |= dev->membership.complete;
		last = MAX(last, tried(v, dev->name, ACTION_SCAN)->since);
	}
	return last;
}

static bool activate(const struct view *v, const struct device *dev, const char *subject, bool degraded,
		     struct step *step)
{
	const struct attempt *a = tried(v, subject, ACTION_ACTIVATE);
	bool complete;

	if (a->running || a->done)
		return false;
	/* Tried on the whole and failed: once more when it may lack members, and when a PV has come (again) since. */
	if (a->failed > (degraded ? 1U : 0U) && last_scan(v, dev->membership.group, &complete) <= a->since)
		return false;
	step->subject = subject;
	step->degraded = degraded;
	return act(step, ACTION_ACTIVATE, dev);
}

/* rd.lvm.lv=, rd.lvm.vg=, the name in root=; and where nothing names a volume, the whole group. */
static bool activate_wanted(const struct view *v, const struct device *dev, bool degraded, struct step *step)
{
	const struct spec *spec = v->want->spec;
	const char *group = dev->membership.group;

	STRV_FOREACH(lv, v->boot->lvm_lvs)
		if (is_of_group(*lv, group) && activate(v, dev, *lv, degraded, step))
			return true;
	if (strv_contains(v->boot->lvm_vgs, group))
		return activate(v, dev, group, degraded, step);
	if (spec->kind == SPEC_NAME || spec->kind == SPEC_DM_NAME)
		return is_of_group(spec->value, group) && activate(v, dev, spec->value, degraded, step);
	return !v->boot->lvm_lvs && !v->boot->lvm_vgs && activate(v, dev, group, degraded, step);
}

bool pool_lvm(const struct view *v, const struct device *dev, struct step *step)
{
	uint64_t last;
	bool complete;

	/* lvm2 does not touch a group that has one PV twice. */
	if (!v->boot->lvm || devices_copy(v->devices, dev))
		return false;
	if (scan(v, dev, step))
		return true;
	if (!dev->membership.group)
		return false;
	last = last_scan(v, dev->membership.group, &complete);
	if (!complete && (!v->boot->lvm_partial || !is_time(v, last + DEGRADED_AFTER, step)))
		return false;
	return activate_wanted(v, dev, !complete, step);
}

/* btrfs: the kernel is told of each device of the wanted one, and says when they are all there. */

bool pool_same_btrfs(const struct device *a, const struct device *b)
{
	return streq_null(a->tags.type, "btrfs") && streq_null(b->tags.type, "btrfs") && a->tags.uuid &&
	       b->tags.uuid && streq(a->tags.uuid, b->tags.uuid) && a->tags.sub_uuid && b->tags.sub_uuid &&
	       !streq(a->tags.sub_uuid, b->tags.sub_uuid);
}

bool pool_btrfs(const struct view *v, const struct device *dev, struct step *step)
{
	bool wanted = spec_matches(v->want->spec, dev, v->devices);
	const struct device *copy;

	for (size_t i = 0; !wanted && i < v->devices->n; i++) {
		const struct device *other = v->devices->items[i];

		wanted = other->probe == PROBE_DONE && pool_same_btrfs(dev, other) &&
			 spec_matches(v->want->spec, other, v->devices);
	}
	if (!wanted)
		return false;
	copy = devices_copy(v->devices, dev);
	return copy ? ambiguous(step, dev, copy) : scan(v, dev, step);
}

bool pool_btrfs_ready(const struct view *v, const struct device *dev, struct step *step)
{
	uint64_t last = tried(v, dev->name, ACTION_SCAN)->since;
	bool complete = dev->membership.complete;

	if (!streq_null(dev->tags.type, "btrfs"))
		return true;
	for (size_t i = 0; i < v->devices->n; i++) {
		const struct device *other = v->devices->items[i];

		if (!pool_same_btrfs(dev, other))
			continue;
		complete |= other->membership.complete;
		last = MAX(last, tried(v, other->name, ACTION_SCAN)->since);
	}
	return complete || (v->want->degraded && is_time(v, last + DEGRADED_AFTER, step));
}
