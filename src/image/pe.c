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
#define COFF_OPTIONAL  16 /* the size of what stands before the table */
#define SECTION_SIZE   40

enum section_field { NAME = 0, VIRTUAL_SIZE = 8, RAW_SIZE = 16, RAW_OFFSET = 20 };

static uint32_t little(const uint8_t *p, size_t bytes)
{
	uint32_t n = 0;

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

int pe_sections(const void *data, size_t size, struct pe_section **ret, size_t *ret_n)
{
	const uint8_t *coff = find_coff(data, size), *end = (const uint8_t *)data + size, *table;
	_cleanup_free_ struct pe_section *sections = NULL;
	size_t n, before;

	if (!coff)
		return -EBADMSG;
	n = little(coff + COFF_SECTIONS, 2);
	before = COFF_SIZE + little(coff + COFF_OPTIONAL, 2);
	if ((size_t)(end - coff) < before + n * SECTION_SIZE)
		return -EBADMSG;
	table = coff + before;
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
