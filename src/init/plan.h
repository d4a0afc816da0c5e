/* SPDX-License-Identifier: MIT */
/*
 * plan: what to do next, decided from what was asked, what is and what was tried.
 *
 * A pure function: it looks, touches nothing and reads no clock. All policy of finding a device lives here: plan.c
 * says in which order things are looked at, layer.c and pool.c what opens which member, match.c what a spec names.
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
	bool degraded;           /* a btrfs may lack devices: rootflags=degraded */
	unsigned int at_once;    /* so many devices are read at a time; 0: any number */
};

enum step_kind {
	STEP_WAIT,      /* nothing to do until something arrives, or until wake_at */
	STEP_PROBE,     /* read the tags of `device` */
	STEP_COMPARE,   /* look whether there is a copy of `device` on what plan_compares() says */
	STEP_ACT,       /* do `action` to `device` */
	STEP_REPORT,    /* tell why it takes so long: the first time, or since there is news */
	STEP_FOUND,     /* `device` is the one */
	STEP_AMBIGUOUS, /* `device` and `other` both are: refused, never "the first wins" */
	STEP_REFUSED,   /* no passphrase opened `device`, and there are no more tries */
	STEP_TIMEOUT,   /* the deadline has passed */
};

struct step {
	enum step_kind kind;
	const struct device *device, *other;
	uint64_t wake_at;            /* for STEP_WAIT: ask again then at the latest; UINT64_MAX: only on news */
	enum action action;          /* STEP_ACT */
	const struct volume *volume; /* ACTION_ASK, ACTION_KEY, ACTION_UNLOCK: what holds for it */
	unsigned int secret;         /* ACTION_UNLOCK: which passphrase of those typed, from 0 */
	const char *subject;         /* ACTION_ACTIVATE: "vg", "vg/lv", or a volume's dm name; borrowed */
	bool degraded;               /* ACTION_ACTIVATE: although PVs are missing */
};

/*
 * Is `dev` one of those to be compared with `match`, which fits? What was not read need not be read whole any more:
 * there only has to be no copy.
 */
bool plan_compares(const struct want *want, const struct devices *devices, const struct attempts *attempts,
		   const struct device *match, const struct device *dev);

void plan(const struct boot *boot, const struct want *want, const struct devices *devices,
	  const struct attempts *attempts, uint64_t now, struct step *ret);
