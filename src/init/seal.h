/* SPDX-License-Identifier: MIT */
/*
 * seal: did all of a tar archive come, and as it was made?
 *
 * xz, zstd and lz4 have checksums that their libraries look at. libarchive does not look at gzip's (RFC 1952: CRC-32
 * and length of what was packed stand at the end), and takes a tar that ends between two files for a whole one. Pure.
 */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct seal {
	uint32_t crc, table[256];
	uint64_t size;
	uint64_t zeros; /* bytes at the end, so far */
};

#define SEAL_TRAILER_SIZE 8 /* of gzip's */

void seal_begin(struct seal *s);

/* The next bytes of the unpacked tar. */
void seal_add(struct seal *s, const void *data, size_t size);

/* Does it end as POSIX has it, in two blocks of zeros? */
bool seal_is_ended(const struct seal *s);

/* Is it what was packed, as the last bytes of the gzip file say? */
bool seal_fits_gzip(const struct seal *s, const unsigned char trailer[SEAL_TRAILER_SIZE]);
