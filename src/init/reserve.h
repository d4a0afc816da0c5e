/* SPDX-License-Identifier: MIT */
/*
 * reserve: the part of the image that few boots touch, RESERVE_PATH: a newc archive, packed by zstd.
 *
 * A worker unpacks it beside the tree; PID 1 then lays it over / by renaming. So a tree is never half there: a program
 * that can be seen has its libraries, and an unpacking that is ended, or fails, leaves nothing behind.
 */
#pragma once

#include "base/macro.h"

#define RESERVE_PATH "/usr/lib/slipway/reserve.cpio.zst"

struct run;

enum reserve_state {
	RESERVE_UNSEEN,    /* nobody has looked */
	RESERVE_NONE,      /* this image has none: all is there */
	RESERVE_PACKED,
	RESERVE_UNPACKING,
	RESERVE_UNPACKED,
	RESERVE_FAILED,    /* it is damaged: what is there is all there is */
};

struct reserve {
	enum reserve_state state;
	int span; /* of the unpacking, in the profile */
};

/* May more come than what is there now? */
bool reserve_pending(struct run *run);

/* Is all there that this image has? */
bool reserve_complete(struct run *run);

/*
 * Begins to unpack it where it is packed, and does not wait: loop_wait() takes it in. `idle`: only with processor time
 * that nobody else wants. 0 or -errno.
 */
int reserve_start(struct run *run, bool idle);

/*
 * Unpacks it and waits: for what asks for a file that is not there. Where that fails, which was logged, what is
 * missing is missing. The loop goes on meanwhile where it is open.
 */
void reserve_bring(struct run *run);

/* Ends an unpacking that nobody waits for; it may begin anew. */
void reserve_drop(struct run *run);
