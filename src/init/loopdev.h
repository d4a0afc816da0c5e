/* SPDX-License-Identifier: MIT */
/* loopdev: a file as a block device. loop(4) */
#pragma once

#include "base/macro.h"

struct run;

struct loop_file {
	const char *dir;   /* where the file system is mounted that it is on */
	const char *path;  /* there, as that file system's own system would see it */
	const char *of;    /* that file system, for messages: "UUID=…" */
	const char *as;    /* what it is to be: "the root's disk" */
	bool read_only;    /* for reading only; else where the file system allows no more */
	bool direct;       /* past the page cache, where that can be */
};

/*
 * Attaches it where it is not attached yet; the kernel announces the device and its partitions. 0 with the kernel's
 * name of the device in `*ret` (the caller frees), or -errno after the one error was logged.
 */
int loopdev_attach(struct run *run, const struct loop_file *f, char **ret);

/* Lets go of all files below that directory. 0 or -errno: of the last that could not be. */
int loopdev_detach(struct run *run, const char *dir);
