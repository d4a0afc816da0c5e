/* SPDX-License-Identifier: MIT */
/*
 * compare: is there a second one of what was found?
 *
 * libblkid looks for every kind of superblock in 3 ms of a processor, and for one kind in a thirtieth of that. Once
 * what is wanted is known, the others only have to be no copies of it: one worker looks at all of them for that kind
 * alone, and what has it with the same UUID is then read whole.
 */
#pragma once

struct run;
struct want;
struct device;

/* Starts it for all that plan_compares() says; the loop puts the answers into the devices. 0 or -errno. */
int compare_start(struct run *run, const struct want *want, const struct device *match);
