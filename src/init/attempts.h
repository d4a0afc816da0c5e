/* SPDX-License-Identifier: MIT */
/* attempts: what was *tried*: per subject and action none, running, done or failed n times, since when. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

enum action {
	ACTION_PROBE,    /* reading a device's tags */
	ACTION_REPORT,   /* telling the user why we wait; subject: the want */
	ACTION_ASSEMBLE, /* giving a member to its array; subject: the member */
	ACTION_START,    /* starting an array with fewer members than it should have; subject: the array */
	ACTION_SCAN,     /* asking what a PV or a btrfs device belongs to,
	  and whether that is whole; subject: the device */
	ACTION_ACTIVATE, /* activating LVs; subject: "vg" or "vg/lv" */
	ACTION_ASK,      /* asking for a passphrase; subject: the container */
	ACTION_KEY,      /* opening a LUKS container by its key file; subject: the container */
	ACTION_LOOK,     /* looking for a file on a file system; subject: its device */
	ACTION_UNLOCK,   /* opening it by a passphrase; subject: the container. Each refused one counts as failed */
};

struct attempt {
	char *subject; /* mostly a device's name */
	enum action action;
	unsigned int times;  /* how often it was begun */
	unsigned int failed;
	bool running;
	bool done;
	bool over;     /* ACTION_ASK: nobody answered, and nobody is asked again */
	uint64_t since; /* CLOCK_MONOTONIC µs, of the last change */
};

struct attempts {
	struct attempt *items;
	size_t n;
	unsigned int secrets; /* how many passphrases were typed: each may be tried on every container */
};

/* Never NULL: what was not tried is all zero. */
const struct attempt *attempts_get(const struct attempts *a, const char *subject, enum action action);

/* Each ends a running one but the first. 0 or -ENOMEM. */
int attempts_running(struct attempts *a, const char *subject, enum action action, uint64_t now);
int attempts_failed(struct attempts *a, const char *subject, enum action action, uint64_t now);
int attempts_done(struct attempts *a, const char *subject, enum action action, uint64_t now);

/* It failed, and so would another try. */
int attempts_over(struct attempts *a, const char *subject, enum action action, uint64_t now);

/* It was never tried. */
void attempts_drop(struct attempts *a, const char *subject, enum action action);

/*
 * Everything that was tried on that subject may be tried anew: it changed, or it came again. Only a question that is
 * on the screen stays until it is taken back (act.h): there is one at a time.
 */
void attempts_forget(struct attempts *a, const char *subject);

/* The same of a device that something stands on: that it was given to an array stays true. */
void attempts_forget_used(struct attempts *a, const char *subject);
void attempts_free(struct attempts *a);
