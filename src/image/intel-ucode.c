/* SPDX-License-Identifier: MIT */
/* intel-ucode: updates as Intel hands them out. */
#include <errno.h>

#include "image/intel-ucode.h"

/* Offsets in the header, and in the table of further signatures that may follow the data. */
enum { VERSION = 0, SIGNATURE = 12, LOADER = 20, FLAGS = 24, DATA_SIZE = 28, TOTAL_SIZE = 32, HEADER = 48 };
enum { TABLE_COUNT = 0, TABLE_HEADER = 20, ROW_SIGNATURE = 0, ROW_FLAGS = 4, ROW = 12 };

#define USUAL_DATA 2000 /* where DATA_SIZE says 0: updates of the first processors that took any */

static uint32_t number(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static size_t data_size(const uint8_t *p)
{
	return number(p + DATA_SIZE) ?: USUAL_DATA;
}

int intel_next(const void *data, size_t size, size_t *at, struct intel_update *ret)
{
	const uint8_t *p = (const uint8_t *)data + *at;
	size_t left = size - *at, total;
	uint32_t sum = 0;

	if (left == 0)
		return 0;
	if (left < HEADER || number(p + VERSION) != 1 || number(p + LOADER) != 1)
		return -EBADMSG;
	total = number(p + DATA_SIZE) ? number(p + TOTAL_SIZE) : HEADER + USUAL_DATA;
	if (total > left || total % 4 || total < HEADER || data_size(p) > total - HEADER)
		return -EBADMSG;
	for (size_t i = 0; i < HEADER + data_size(p); i += 4)
		sum += i + 4 <= total ? number(p + i) : 0;
	if (sum != 0)
		return -EBADMSG;
	*ret = (struct intel_update){ .data = p, .size = total };
	*at += total;
	return 1;
}

static bool fits(uint32_t signature, uint32_t flags, uint32_t wanted, uint32_t platform_flags)
{
	/* Neither has any: processors from before there were platforms. */
	return signature == wanted && (platform_flags == 0 || flags == 0 || (flags & platform_flags));
}

bool intel_fits(const struct intel_update *u, uint32_t signature, uint32_t platform_flags)
{
	const uint8_t *p = u->data, *table = p + HEADER + data_size(p);
	size_t left = u->size - HEADER - data_size(p), n;

	if (fits(number(p + SIGNATURE), number(p + FLAGS), signature, platform_flags))
		return true;
	if (left < TABLE_HEADER)
		return false;
	n = MIN((size_t)number(table + TABLE_COUNT), (left - TABLE_HEADER) / ROW);
	for (const uint8_t *row = table + TABLE_HEADER; n-- > 0; row += ROW)
		if (fits(number(row + ROW_SIGNATURE), number(row + ROW_FLAGS), signature, platform_flags))
			return true;
	return false;
}
