/* SPDX-License-Identifier: MIT */
/* seal: the checksum of what an archive unpacks to, and its end. */
#include "init/seal.h"

#define TAR_BLOCK 512

/* RFC 1952, 8: the polynomial with its bits in the other order. */
#define POLYNOMIAL UINT32_C(0xedb88320)

void seal_begin(struct seal *s)
{
	*s = (struct seal){ .crc = UINT32_MAX };
	for (uint32_t i = 0; i < ARRAY_SIZE(s->table); i++) {
		s->table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			s->table[i] = s->table[i] >> 1 ^ (s->table[i] & 1 ? POLYNOMIAL : 0);
	}
}

void seal_add(struct seal *s, const void *data, size_t size)
{
	const unsigned char *p = data;
	size_t zeros = 0;

	for (size_t i = 0; i < size; i++)
		s->crc = s->table[(s->crc ^ p[i]) & 0xff] ^ s->crc >> 8;
	while (zeros < size && p[size - zeros - 1] == 0)
		zeros++;
	s->zeros = zeros == size ? s->zeros + zeros : zeros;
	s->size += size;
}

bool seal_is_ended(const struct seal *s)
{
	return s->zeros >= 2 * TAR_BLOCK;
}

static uint32_t little_endian(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool seal_fits_gzip(const struct seal *s, const unsigned char trailer[SEAL_TRAILER_SIZE])
{
	return little_endian(trailer) == ~s->crc && little_endian(trailer + 4) == (uint32_t)s->size;
}
