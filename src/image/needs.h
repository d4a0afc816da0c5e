/* SPDX-License-Identifier: MIT */
/* needs: which modules a target takes, by name or alias, in the order in which they are to be loaded. */
#pragma once

#include "image/target.h"

struct need {
	char *name;         /* of a module, or an alias: "md-raid1" */
	char *alias;        /* what else it may be found by; NULL: nothing */
	const char *reason; /* a fixed text */
	bool load;          /* init loads it at once; else it is there for when the kernel asks */
};

struct needs {
	struct need *items;
	size_t n;
};

/*
 * Pure. The image's kernel may be another one than that which runs, so a device has the name of its driver here and
 * its own alias. What the name finds is loaded. What the alias finds beside that is taken in, as the kernel may load
 * it; but not where the name is built in, and where nothing has the name the alias is what is loaded. Keyboards come
 * last, and only with `prompt`. 0 or -ENOMEM.
 */
int needs_of(const struct target *t, bool prompt, struct needs *ret);
void needs_free(struct needs *n);

#define _cleanup_needs_ _cleanup_(needs_free)
