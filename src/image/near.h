/* SPDX-License-Identifier: MIT */
/*
 * near: the modules that /init loads by itself, without libkmod: those in front of the reserve.
 *
 * Beside them stand, as depmod(8) writes them, modules.dep and modules.alias of just these. What libkmod would make of
 * softdeps is in the rows of modules.dep: each lists all that is to be loaded before, the last of it first. A module of
 * which modprobe.d says more than that, or that something must follow, is not near: it waits for libkmod.
 */
#pragma once

#include "image/module.h"

struct near_module {
	char *name; /* "virtio_blk" */
	char *row;  /* of modules.dep */
};

struct near {
	struct near_module *items; /* by name */
	size_t n;
	/* What modprobe.d has as an alias: strv of pairs, alias and module. */
	char **aliases;
};

/* Adds the usual ones of a generic image. The one error is logged. */
int near_add_usual(struct modules *m);

/* Of m->candidates those that may be, whose files then stand in front. The one error is logged. */
int near_choose(struct modules *m, struct near *ret);

const struct near_module *near_find(const struct near *n, const char *name);
void near_free(struct near *n);

#define _cleanup_near_ _cleanup_(near_free)
