/* SPDX-License-Identifier: MIT */
/*
 * newc: reading the archive format that the kernel unpacks: cpio(5), "newc", as the kernel's
 * Documentation/driver-api/early-userspace/buffer-format.rst has it.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

#define NEWC_MAGIC       "070701"
#define NEWC_MAGIC_CRC   "070702" /* the same with a checksum; the kernel takes both */
#define NEWC_MAGIC_SIZE  6
#define NEWC_FIELDS      13
#define NEWC_HEADER_SIZE (NEWC_MAGIC_SIZE + NEWC_FIELDS * 8)
#define NEWC_TRAILER     "TRAILER!!!"

/* In the order of the header; the last of the thirteen is the checksum, 0 in this format. */
enum newc_field {
	NEWC_INO, NEWC_MODE, NEWC_UID, NEWC_GID, NEWC_NLINK, NEWC_MTIME, NEWC_SIZE, NEWC_MAJOR, NEWC_MINOR,
	NEWC_RMAJOR, NEWC_RMINOR, NEWC_NAMESIZE,
};

/* Names and data begin and end at multiples of 4. */
static inline uint64_t newc_padded(uint64_t n)
{
	return (n + 3) & ~UINT64_C(3);
}

struct newc_entry {
	const char *name; /* in the buffer, NUL-terminated; leading "/" and "./" are left out */
	mode_t mode;
	uint32_t uid, gid, mtime; /* s since 1970 */
	uint32_t ino, nlink;
	dev_t dev, rdev;
	const void *data;
	uint32_t size;
};

/*
 * Reads the record at `*at` of a buffer and moves `*at` behind it. 1: an entry; 0: the trailer;
 * -EBADMSG: no record of this format, and `*ret_why` says what is wrong with it.
 */
int newc_read(const void *data, size_t size, size_t *at, struct newc_entry *ret,
	      const char **ret_why);

/* Does a newc archive begin here? */
bool newc_is(const void *data, size_t size);

/*
 * How many bytes the record that begins at `data` has, as far as `size` bytes of it tell: those of a header until that
 * is whole. 0: no record begins here.
 */
uint64_t newc_needs(const void *data, size_t size);
