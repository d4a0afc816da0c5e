/* SPDX-License-Identifier: MIT */
/*
 * passage: what becomes of /dev, /proc, /sys and /run at the switch: rd.slipway.api=.
 *
 * Moved, as systemd and most others expect it; or clean, for an init that mounts its own: /proc and /sys are
 * unmounted, /dev is moved only where the new root's has no console. /run holds what we leave behind and the exitrd: it
 * is always moved.
 */
#pragma once

#include "init/option.h"

/* Ends with a row whose `name` is NULL. */
extern const struct option passage_options[];

/* 0, or -errno after the one error was logged. What was moved until then stays there. */
int passage_make(const struct boot *b);
