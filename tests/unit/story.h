/* SPDX-License-Identifier: MIT */
/* story: the devices and attempts of a row of a test, as the tables that plan() and its like are given. */
#pragma once

#include "init/attempts.h"
#include "init/device.h"
#include "unit/unit.h"

struct story_tables {
	struct device list[8], *items[8];
	struct attempt tried[8];
	struct devices devices;
	struct attempts attempts;
};

/* Up to the first device without a name, the first attempt without a subject. `t` must not move afterwards. */
static inline void story_fill(struct story_tables *t, const struct device *devices, size_t n_devices,
			      const struct attempt *tried, size_t n_tried)
{
	assert_true(n_devices <= ARRAY_SIZE(t->list) && n_tried <= ARRAY_SIZE(t->tried));
	memcpy(t->list, devices, n_devices * sizeof(*devices));
	memcpy(t->tried, tried, n_tried * sizeof(*tried));
	t->devices = (struct devices){ .items = t->items };
	t->attempts = (struct attempts){ .items = t->tried };
	for (; t->devices.n < n_devices && t->list[t->devices.n].name; t->devices.n++)
		t->items[t->devices.n] = &t->list[t->devices.n];
	while (t->attempts.n < n_tried && t->tried[t->attempts.n].subject)
		t->attempts.n++;
}

/* For a row with the arrays `devices` and `tried`. */
#define STORY_FILL(t, row) \
	story_fill(t, (row)->devices, ARRAY_SIZE((row)->devices), (row)->tried, ARRAY_SIZE((row)->tried))
