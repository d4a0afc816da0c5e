/* SPDX-License-Identifier: MIT */
/*
 * survey: how a struct target is filled, step by step downwards. Internal to target.c and what it calls:
 *
 *	target → origin (file system → block device) → layer (block device → disk) → chain (disk → bus)
 *
 * All return 0, -ENOMEM, or -errno after survey_why().
 */
#pragma once

#include "base/mountinfo.h"
#include "image/target.h"

struct survey {
	const struct target_source *from;
	struct target *target;
	struct mountinfo mounts;
	char **seen; /* strv: directories of devices that were looked at */
	char *why;
};

/* Says what is missing; returns `r`. */
int survey_why(struct survey *s, int r, const char *fmt, ...) _printf_(3, 4);

/* The root's, and what of the others is found. */
int origin_add_root(struct survey *s);
int origin_add_usr(struct survey *s);
int origin_add_swaps(struct survey *s);

/* The file system that a file of this machine lies on. */
int origin_add_below(struct survey *s, const char *file);

/* The directory of a block device, with all that is below it. */
int layer_add(struct survey *s, const char *path);

/* A device, after those above it up to the bus and those that it is supplied by. */
int chain_add(struct survey *s, const char *path, bool input);

int keyboards_add(struct survey *s);
