/* SPDX-License-Identifier: MIT */
/*
 * ramroot: a root that is in memory: a tmpfs with a copy of the initramfs or with what archives hold, or the initramfs
 * itself: rd.slipway.stay=, rd.slipway.archives=, rd.slipway.ram=.
 */
#pragma once

#include "init/option.h"

struct run;

/* Ends with a row whose `name` is NULL. */
extern const struct option ramroot_options[];

/* After the last word: with archives root= and its like are those of the medium. 0 or -ENOMEM. */
int ramroot_complete(struct boot *b);

/* Is the root one of these? */
bool ramroot_is_asked(const struct boot *b);

/* Is the initramfs itself the root, so that nothing is switched? */
static inline bool ramroot_stays(const struct boot *b)
{
	return b->ram.stay == STAY_HERE;
}

/*
 * Makes it; where the initramfs itself is the root there is nothing to make. The image's reserve is unpacked before. 0,
 * or -errno after the one error was logged; of a root that could not be made whole nothing is left.
 */
int ramroot_make(struct run *run);

/*
 * Just before the next init is started in the initramfs itself: it is limited to the size that was asked for, and says
 * no more that it is an initramfs. What cannot be done is a warning.
 */
void ramroot_stay(const struct run *run);
