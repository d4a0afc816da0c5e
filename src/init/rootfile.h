/* SPDX-License-Identifier: MIT */
/*
 * rootfile: the root in a file of another file system, its host: loop=, img_loop=.
 *
 * The host is mounted on ROOTFILE_HOST, for writing (the root could not be written otherwise), and stays there for
 * the booted system; the file becomes a loop device, and the planner goes on with that: it may hold the file
 * system, a partition table, a LUKS container.
 */
#pragma once

#include "init/option.h"

struct run;

/* Ends with a row whose `name` is NULL. */
extern const struct option rootfile_options[];

/* After the last word: what root= and its like mean depends on whether there is a file. 0 or -ENOMEM. */
int rootfile_complete(struct boot *b);

/*
 * Waits for the host, checks it, mounts it, and attaches the file. What is done already is taken as it is, so it
 * may be tried again. 0, or -errno after the one error was logged.
 */
int rootfile_open(struct run *run);

/*
 * Tells a next init that is systemd to leave the host alone: the root's loop device needs it to the end. It would
 * stop the mount as any other when it goes down, and call that a failure. Nothing where there is no file.
 * 0 or -errno.
 */
int rootfile_write_unit(const struct boot *b);

/* And back, for another init. */
void rootfile_remove_unit(const struct boot *b);
