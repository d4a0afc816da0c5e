/* SPDX-License-Identifier: MIT */
/* view: all that plan() was given, and the questions that its rows ask of it. Pure, as plan() is. */
#pragma once

#include "init/plan.h"

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

/* Nobody stands on it yet. */
static inline bool is_free(const struct view *v, const struct device *dev)
{
	return !devices_upper(v->devices, dev);
}
