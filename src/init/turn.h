/* SPDX-License-Identifier: MIT */
/* turn: which modules come before others, and which after all others, by the aliases that ask for them. Pure. */
#pragma once

#include "base/macro.h"

#define TURN_BEFORE_MAX 2

/*
 * The aliases of what will stand on the device that asks by `alias`: their drivers are loaded before its own, so that
 * each disk is there as soon as the kernel has come to it, and not when it has come to all. `ret` ends with a NULL if
 * it is not full; the strings are constant. False: the alias says nothing of it.
 */
bool turn_before(const char *alias, const char *ret[TURN_BEFORE_MAX]);

/* Is it a driver whose loading does not end before each of its ports has told whether anything is there? */
bool turn_is_last(const char *alias);
