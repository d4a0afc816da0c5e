/* SPDX-License-Identifier: MIT */
/* mountinfo: the mount table as proc(5) describes /proc/self/mountinfo, unescaped. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

struct mount_entry {
	int id, parent;
	dev_t dev;
	char *root, *target, *options; /* options: of the mount */
	char *fstype, *source, *super; /* super: options of the superblock */
};

struct mountinfo {
	struct mount_entry *items;
	size_t n;
	size_t dropped; /* lines that could not be read */
};

/* Lines that are not of the format are counted in `dropped` and skipped. 0 or -ENOMEM. */
int mountinfo_parse(const char *text, struct mountinfo *ret);

/* Undoes the kernel's seq_escape(), in place: space, tab, newline, backslash and '#' come as \ooo. */
void mountinfo_unescape(char *s);

/* Reads `procdir`/self/mountinfo, e.g. "/proc". */
int mountinfo_read(const char *procdir, struct mountinfo *ret);
void mountinfo_free(struct mountinfo *m);

/* The topmost mount at exactly that target, or NULL. */
const struct mount_entry *mountinfo_find_target(const struct mountinfo *m, const char *target);

/* Does the comma-separated list hold that word? "ro" in "ro,relatime". */
bool mount_has_option(const char *options, const char *word);

#define _cleanup_mountinfo_ _cleanup_(mountinfo_free)
