/* SPDX-License-Identifier: MIT */
/* pe: the sections of a PE file: unified kernel images keep the initrd, the command line and more in them. */
#include <errno.h>
#include <stdint.h>

#include "image/pe.h"

/* Microsoft's "PE Format": the DOS header, where it says the signature, the COFF header, the table of sections. */
#define DOS_SIZE       64
#define DOS_WHERE      60
#define SIGNATURE      "PE\0\0"
#define SIGNATURE_SIZE 4
#define COFF_SIZE      20
#define COFF_SECTIONS  2
#define COFF_TIME      4
#define COFF_OPTIONAL  16 /* the size of what stands before the table */
#define SECTION_SIZE   40

enum section_field { NAME = 0, VIRTUAL_SIZE = 8, ADDRESS = 12, RAW_SIZE = 16, RAW_OFFSET = 20 };

/* The optional header, of which there are two: PE32 and, with wider addresses, PE32+. */
enum optional_field {
	OPTIONAL_MAGIC = 0,
	BASE_PLUS = 24,
	BASE_32 = 28,
	ALIGNMENT = 32,
	OPTIONAL_MIN = 36,
	CHECKSUM = 64,
};
#define MAGIC_PLUS 0x20b

static uint64_t little(const uint8_t *p, size_t bytes)
{
	uint64_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | p[bytes];
	return n;
}

/* The COFF header, or NULL. */
static const uint8_t *find_coff(const uint8_t *p, size_t size)
{
	size_t at;

	if (size < DOS_SIZE || memcmp(p, "MZ", 2) != 0)
		return NULL;
	at = little(p + DOS_WHERE, 4);
	if (at > size || size - at < SIGNATURE_SIZE + COFF_SIZE || memcmp(p + at, SIGNATURE, SIGNATURE_SIZE) != 0)
		return NULL;
	return p + at + SIGNATURE_SIZE;
}

bool pe_is(const void *data, size_t size)
{
	return find_coff(data, size);
}

/* What is in memory only has no raw data; what is padded in the file is less in memory. */
static int read_section(const uint8_t *p, size_t size, struct pe_section *ret)
{
	size_t raw = little(p + RAW_SIZE, 4), virtual_size = little(p + VIRTUAL_SIZE, 4);

	*ret = (struct pe_section){ .size = virtual_size ? MIN(raw, virtual_size) : raw };
	memcpy(ret->name, p + NAME, 8);
	if (ret->size == 0)
		return 0;
	ret->offset = little(p + RAW_OFFSET, 4);
	return ret->offset > size || size - ret->offset < ret->size ? -EBADMSG : 0;
}

/* The first of `*ret_n` rows of the table, or NULL where it does not lie in the file. */
static const uint8_t *find_table(const uint8_t *coff, const uint8_t *end, size_t *ret_n)
{
	size_t n = little(coff + COFF_SECTIONS, 2), before = COFF_SIZE + little(coff + COFF_OPTIONAL, 2);

	if ((size_t)(end - coff) < before + n * SECTION_SIZE)
		return NULL;
	*ret_n = n;
	return coff + before;
}

int pe_sections(const void *data, size_t size, struct pe_section **ret, size_t *ret_n)
{
	const uint8_t *coff = find_coff(data, size), *end = (const uint8_t *)data + size, *table;
	_cleanup_free_ struct pe_section *sections = NULL;
	size_t n;

	table = coff ? find_table(coff, end, &n) : NULL;
	if (!table)
		return -EBADMSG;
	sections = calloc(n + 1, sizeof(*sections));
	if (!sections)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (read_section(table + i * SECTION_SIZE, size, &sections[i]) < 0)
			return -EBADMSG;
	*ret = TAKE_PTR(sections);
	*ret_n = n;
	return 0;
}

int pe_layout(const void *data, size_t size, struct pe_layout *ret)
{
	const uint8_t *coff = find_coff(data, size), *end = (const uint8_t *)data + size, *optional, *table;
	struct pe_layout l = { 0 };
	size_t n;

	table = coff ? find_table(coff, end, &n) : NULL;
	if (!table || little(coff + COFF_OPTIONAL, 2) < OPTIONAL_MIN)
		return -EBADMSG;
	optional = coff + COFF_SIZE;
	l.machine = (unsigned int)little(coff, 2);
	l.base = little(optional + OPTIONAL_MAGIC, 2) == MAGIC_PLUS ? little(optional + BASE_PLUS, 8)
								  : little(optional + BASE_32, 4);
	l.alignment = (uint32_t)little(optional + ALIGNMENT, 4);
	if (l.alignment == 0 || (l.alignment & (l.alignment - 1)) != 0)
		return -EBADMSG;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *section = table + i * SECTION_SIZE;
		uint64_t memory = MAX(little(section + VIRTUAL_SIZE, 4), little(section + RAW_SIZE, 4));

		l.end = MAX(l.end, little(section + ADDRESS, 4) + memory);
	}
	*ret = l;
	return 0;
}

/* All 16-bit words with the carry added, but the sum itself, and the file's size. */
static uint32_t checksum(const uint8_t *p, size_t size, size_t at)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < size; i += 2)
		if (i < at || i >= at + 4)
			sum += little(p + i, MIN(size - i, (size_t)2));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)(sum + size);
}

static void put32(uint8_t *p, uint32_t n)
{
	for (size_t i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

int pe_set_time(void *data, size_t size, uint32_t time)
{
	uint8_t *p = data;
	const uint8_t *coff = find_coff(data, size);
	size_t at, sum;

	if (!coff)
		return -EBADMSG;
	at = (size_t)(coff - p);
	sum = at + COFF_SIZE + CHECKSUM;
	if (little(coff + COFF_OPTIONAL, 2) < CHECKSUM + 4 || size < sum + 4 || sum % 2)
		return -EBADMSG;
	put32(p + at + COFF_TIME, time);
	put32(p + sum, checksum(p, size, sum));
	return 0;
}
