/* SPDX-License-Identifier: MIT */
/*
 * unit: units and drop-ins for the next init, below /run/systemd/system: only where that is systemd, since the
 * directory says to everybody that systemd runs. systemd.unit(5)
 */
#pragma once

#include "base/macro.h"

/* A drop-in; `unit` is the whole name, "a.mount". 0 or -errno. */
int unit_write(const char *unit, const char *text);

/* Takes it back, with the directories that nothing else is in: another init is taken after all. */
void unit_remove(const char *unit);

/* The same of a unit of our own. */
int unit_make(const char *unit, const char *text);
void unit_unmake(const char *unit);
