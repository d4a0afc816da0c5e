/* SPDX-License-Identifier: MIT */
/* wanted: the modules that the settings ask for. */
#pragma once

#include "image/module.h"

/* Adds `force_modules` and `modules`. The one error is logged. */
int wanted_add(struct modules *m);

/*
 * -EINVAL, logged, where the module `name`, "the root's file system", or one that it depends on is left out by
 * omit_modules.
 */
int wanted_check(struct modules *m, const char *name, const char *what);

/* After all modules are in: the list of those to load first. */
int wanted_finish(struct modules *m);
