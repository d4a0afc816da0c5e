/* SPDX-License-Identifier: MIT */
/* image: from the medium to the file system that is the root's lowest layer: a file on it, one in that, a directory. */
#pragma once

struct run;

/* An image that has another one in it is here, with its number: IMAGE_OUTER "1". */
#define IMAGE_OUTER "/run/slipway/live/outer"

/*
 * Mounts it on LIVE_IMAGE; copied to memory before, where that is asked for. Nothing where the medium itself is the
 * layer. 0, or -errno after the one error was logged.
 */
int image_open(struct run *run);
