/* SPDX-License-Identifier: MIT */
/* filesystem: one file system on a block device: waited for, checked, mounted. Root and /usr are two of them. */
#pragma once

#include "init/fsck.h"
#include "init/mount.h"

#define SYSROOT "/sysroot"

struct filesystem {
	const char *what; /* "root", "usr" */
	const struct spec *spec;
	const char *fstype;    /* what was asked, may be a list; NULL: what the device holds */
	const char *options;   /* mount options, or NULL */
	const char *access;    /* "ro", "rw"; NULL: as the options say */
	const char *target;
	bool check;            /* fsck it */
	const char *unit;      /* systemd's name of that check */
	const char *spans[3];  /* names for wait, fsck, mount */
};

/* 0 with `*ret_dev` the device's number, or -errno after the one error was logged. */
int filesystem_mount(struct run *run, const struct filesystem *fs, struct fsck_result *ret_fsck, dev_t *ret_dev);
