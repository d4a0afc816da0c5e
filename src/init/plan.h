/* SPDX-License-Identifier: MIT */
/*
 * plan: what to do next, decided from what was asked, what is and what was tried.
 *
 * A pure function: it looks, touches nothing and reads no clock. All policy of finding a device lives here.
 */
#pragma once

#include "init/attempts.h"
#include "init/boot.h"
#include "init/device.h"

/* A block device that somebody waits for. */
struct want {
	const char *what;        /* "root", "usr", "resume": the subject of messages and attempts */
	const struct spec *spec;
	uint64_t since;          /* when the waiting began, CLOCK_MONOTONIC µs */
	uint64_t not_before;     /* rootdelay=; 0: none */
	uint64_t deadline;       /* USEC_FOREVER: none */
};

enum step_kind {
	STEP_WAIT,      /* nothing to do until something arrives, or until wake_at */
	STEP_PROBE,     /* read the tags of `device` */
	STEP_REPORT,    /* tell why it takes so long, once */
	STEP_FOUND,     /* `device` is the one */
	STEP_AMBIGUOUS, /* `device` and `other` both are: refused, never "the first wins" */
	STEP_TIMEOUT,   /* the deadline has passed */
};

struct step {
	enum step_kind kind;
	const struct device *device, *other;
	uint64_t wake_at; /* for STEP_WAIT: ask again then at the latest; USEC_FOREVER: only on news */
};

void plan(const struct want *want, const struct devices *devices, const struct attempts *attempts, uint64_t now,
	  struct step *ret);

/* Is this device the one that the spec names? Only with its tags read where the spec is of tags. */
bool spec_matches(const struct spec *spec, const struct device *dev, const struct devices *devices);
