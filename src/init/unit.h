/* SPDX-License-Identifier: MIT */
/*
 * unit: a drop-in for a unit of the next init, below /run/systemd/system: only where that is systemd, since the
 * directory says to everybody that systemd runs. systemd.unit(5)
 */
#pragma once

#include "base/macro.h"

/* `unit` is its whole name, "a.mount". 0 or -errno. */
int unit_write(const char *unit, const char *text);

/* Takes it back, with the directories that nothing else is in: another init is taken after all. */
void unit_remove(const char *unit);
