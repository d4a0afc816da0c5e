/* SPDX-License-Identifier: MIT */
/* overlay: what is written above the lowest layer, and the root that is made of both. */
#pragma once

struct run;

/* A second, volatile one, above one that is only read: rd.slipway.upper.readonly */
#define OVERLAY_SECOND "/run/slipway/live/volatile"

/* Mounts SYSROOT. 0, or -errno after the one error was logged. */
int overlay_mount(struct run *run);
