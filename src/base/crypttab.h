/* SPDX-License-Identifier: MIT */
/*
 * crypttab: /etc/crypttab, crypttab(5): "name source key options", divided by blanks, '#' begins a comment line.
 */
#pragma once

#include "base/macro.h"

struct crypttab_row {
	char *name;
	char *source;
	char *key;         /* a path; NULL for "none" and "-" */
	char *key_device;  /* what follows a ':' in "/key:UUID=…"; NULL: the key lies where crypttab does */
	char **options;    /* strv */
	unsigned int line; /* counted from 1 */
};

struct crypttab {
	struct crypttab_row *rows;
	size_t n;
	unsigned int damaged; /* the first line that lacks a source; 0: none. It has no row */
};

/* 0 or -ENOMEM. The caller frees with crypttab_free(). */
int crypttab_parse(const char *text, struct crypttab *ret);
void crypttab_free(struct crypttab *t);

/* Does it name a device: below /dev, or by a tag, "UUID=…"? */
bool crypttab_is_device(const char *text);

/*
 * The device of "PATH:DEVICE"; NULL: there is none. Names of files may have colons, and so may those of devices: the
 * first one counts behind which a device is named. Borrowed.
 */
const char *crypttab_find_device(const char *text);

/* "x-initrd.attach" of systemd, "initramfs" of Debian: to be opened before the root is there. */
bool crypttab_is_early(const struct crypttab_row *row);

/* The value of "key=value" among the options, "" for the bare word, NULL where there is none. Borrowed. */
const char *crypttab_option(const struct crypttab_row *row, const char *name);

#define _cleanup_crypttab_ _cleanup_(crypttab_free)
