/* SPDX-License-Identifier: MIT */
/* view: all that plan() was given, and the questions that its rows ask of it. Pure, as plan() is. */
#pragma once

#include "init/plan.h"

#define SEC UINT64_C(1000000)
/* How long the last member's companions may take before an array or a pool is used without them. */
#define DEGRADED_AFTER (30 * SEC)
/*
 * Once a device fits, those that are being read get this long to show that they fit too, or that they are copies. A
 * device that dies on its first read must not hold up the boot, and of two with the same UUID none may win by chance.
 */
#define SETTLE (SEC / 4)

/* Who is read for longer waits for a disk, and is not in the others' way. */
#define PROBE_BUSY (SEC / 10)

struct view {
	const struct boot *boot;
	const struct want *want;
	const struct devices *devices;
	const struct attempts *attempts;
	uint64_t now;
};

static inline const struct attempt *tried(const struct view *v, const char *subject, enum action action)
{
	return attempts_get(v->attempts, subject, action);
}

static inline bool act(struct step *step, enum action action, const struct device *dev)
{
	step->kind = STEP_ACT;
	step->action = action;
	step->device = dev;
	return true;
}

/* One of two that cannot be told apart: the boot is not left to chance. */
static inline bool ambiguous(struct step *step, const struct device *dev, const struct device *other)
{
	step->kind = STEP_AMBIGUOUS;
	step->device = dev;
	step->other = other;
	return true;
}

/* Is it `at` already? Else it is looked at again then. */
static inline bool is_time(const struct view *v, uint64_t at, struct step *step)
{
	if (v->now >= at)
		return true;
	step->wake_at = MIN(step->wake_at, at);
	return false;
}

static inline bool is_being_read(const struct device *dev)
{
	return dev->probe == PROBE_RUNNING || dev->probe == PROBE_COMPARING;
}

static inline bool any_probe_running(const struct devices *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		if (is_being_read(devices->items[i]))
			return true;
	return false;
}

/* Nobody stands on it yet. */
static inline bool is_free(const struct view *v, const struct device *dev)
{
	return !devices_upper(v->devices, dev);
}
