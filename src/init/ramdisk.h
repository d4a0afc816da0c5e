/* SPDX-License-Identifier: MIT */
/*
 * ramdisk: the old kind of initrd: / is a file system on /dev/ram0 (Documentation/admin-guide/initrd.rst), /init was
 * started from it by init=, and root= on the command line names that disk. What is to be the root is said by
 * real_root=, as genkernel's initramfs has it.
 */
#pragma once

#include <errno.h>

#include "init/option.h"

/* Ends with a row whose `name` is NULL. */
extern const struct option ramdisk_options[];

/* After the last word: with real_root= those that were the kernel's are not ours. 0 or -ENOMEM. */
int ramdisk_complete(struct boot *b);

/* Does root= name the disk that we run from? Says so in an error. */
bool ramdisk_is_named(const struct boot *b);

/*
 * The kernel mounts it to be read; the reserve is unpacked into it, and at last it is emptied. A failure is a warning.
 */
void ramdisk_make_writable(void);

/* The disk that we run from. */
struct ramdisk {
	int root; /* of the file system on it; negative: we run from none */
	int disk; /* the device; negative: it cannot be opened */
};

#define RAMDISK_NONE { .root = -EBADF, .disk = -EBADF }

/* While its node is there. Closed with ramdisk_close(). */
void ramdisk_open(struct ramdisk *ret);
void ramdisk_close(struct ramdisk *r);

static inline bool ramdisk_is_there(const struct ramdisk *r)
{
	return r->root >= 0;
}

/*
 * Goes from it into /sysroot, by pivot_root(2): here the old root is no rootfs, and can go away. 0, or -errno after the
 * one error was logged.
 */
int ramdisk_pivot(void);

/*
 * After that, and after it was emptied: has the kernel take its memory back as far as it can, and unmounts it, which
 * ends with the program that we are. What cannot be done is a warning.
 */
void ramdisk_free(const struct ramdisk *r);
