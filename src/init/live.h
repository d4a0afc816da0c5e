/* SPDX-License-Identifier: MIT */
/*
 * live: a root that is made of layers: a medium, an image on it, what is written above. docs/live.md
 *
 * Each layer has a place below LIVE_DIR, where it also is in the booted system when nothing else is asked for.
 */
#pragma once

#include "init/boot.h"

#define LIVE_DIR    "/run/slipway/live"
#define LIVE_MEDIUM LIVE_DIR "/medium"
#define LIVE_IMAGE  LIVE_DIR "/image"
#define LIVE_RAM    LIVE_DIR "/ram"
#define LIVE_UPPER  LIVE_DIR "/upper"

struct run;

/*
 * Puts the layers together on SYSROOT. What is done already is taken as it is, so it may be tried again. 0, or -errno
 * after the one error was logged.
 */
int live_open(struct run *run);

/* Where the lowest layer of the root is: the image, or the medium where that is it. */
const char *live_lower(void);
