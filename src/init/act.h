/* SPDX-License-Identifier: MIT */
/*
 * act: doing what a step says: giving a member to its array, opening a container, activating volumes.
 *
 * Each action is a row: what runs in the worker, and what its end means. That a device came up is believed when
 * the kernel announces it; that it failed, from the exit code.
 */
#pragma once

#include "base/worker.h"
#include "init/plan.h"

struct run;

/* What the worker is told; all that it points at is the run's. */
struct act {
	const struct act_row *row;
	const struct run *run;
	const struct volume *volume;
	unsigned int secret;
	bool degraded;
	bool taken_back;     /* the question: its answer counts no more */
	int span;            /* in the profile */
	uint64_t announced;  /* of the device: which state of it */
	char path[512];      /* "/dev/vda2" */
	char name[256];      /* the device's, as the kernel calls it */
	char subject[512];   /* of the attempt: the device's name, or "vg/lv" */
	char uuid[64];       /* the member's tag, or "" */
};

struct act_row {
	enum action action;
	const char *doing;   /* "assemble", for messages: "cannot assemble vda: …" */
	const char *span;    /* "mdadm incremental": what runs, in the profile before the subject */
	uint64_t deadline;   /* µs for the whole of it; UINT64_MAX: none */
	worker_fn run;       /* data: the struct act. 0, or -errno with what the tool said as its record */
	/* After it succeeded, with its record. 0 or -errno: then it counts as failed. May be NULL. */
	int (*take)(struct run *run, const struct act *act, char *record);
	/* A file system whose driver is all that it takes, "": the device's own; NULL: it takes a tool. */
	const char *driver;
};

/* The rows, each in the file of its kind. */
extern const struct act_row md_assemble, md_scan, md_start, lvm_scan, lvm_activate, btrfs_scan, luks_key, luks_unlock,
	luks_ask, look_for_file;

/*
 * Takes back questions that need no answer any more: of a container that has gone or is open by now; with
 * `all` whatever is asked. True: one is on the screen still, and ends within a second. Its attempt runs until then.
 */
bool act_take_back(struct run *run, bool all);

/* Begins to bring what a STEP_ACT takes. 1: it is not there yet; 0: it is, or cannot be had; -errno. */
int act_prepare(struct run *run, const struct step *step);

/* Starts what a STEP_ACT says. 0 or -errno. */
int act_start(struct run *run, const struct step *step);
