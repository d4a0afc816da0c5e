/* SPDX-License-Identifier: MIT */
/* elf-maker: small ELF files in memory, of any class and byte order, for tests and corpora. */
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MAKER_SIZE    4096
#define MAKER_ADDRESS                                                                            \
	0x10000 /* where the whole file is loaded: not 0, so that offsets must be worked out */

/* Where what lies in the file. */
enum {
	HEADERS_AT = 64,
	STRINGS_AT = 512,
	DYNAMIC_AT = 1024,
	VERNEED_AT = 2048,
	VERDEF_AT = 2560,
	INTERPRETER_AT = 3072,
	NOTES_AT = 3200
};

struct maker {
	uint8_t data[MAKER_SIZE];
	bool wide, big;
	unsigned int headers;
	size_t strings, dynamic, verneed, verdef, notes; /* how much of each is used, in bytes */
	size_t last_verneed, last_verdef;               /* where the last record begins */
	unsigned int verneed_n, verdef_n;
};

static inline void maker_put(struct maker *m, size_t at, unsigned int width, uint64_t value)
{
	for (unsigned int i = 0; i < width; i++)
		m->data[at + i] = (uint8_t)(value >> 8 * (m->big ? width - 1 - i : i));
}

#define MAKER_FIELD(m, at, type, member, value)                                                  \
	((m)->wide ? maker_put(m, (at) + offsetof(Elf64_##type, member),                         \
			       sizeof(((Elf64_##type *)0)->member), value)                       \
		   : maker_put(m, (at) + offsetof(Elf32_##type, member),                         \
			       sizeof(((Elf32_##type *)0)->member), value))
#define MAKER_RECORD(m, type) ((m)->wide ? sizeof(Elf64_##type) : sizeof(Elf32_##type))

static inline void maker_header(struct maker *m, uint32_t type, uint64_t offset, uint64_t size)
{
	size_t at = HEADERS_AT + m->headers++ * MAKER_RECORD(m, Phdr);

	MAKER_FIELD(m, at, Phdr, p_type, type);
	MAKER_FIELD(m, at, Phdr, p_offset, offset);
	MAKER_FIELD(m, at, Phdr, p_vaddr, MAKER_ADDRESS + offset);
	MAKER_FIELD(m, at, Phdr, p_filesz, size);
	MAKER_FIELD(m, at, Phdr, p_align, 4);
}

static inline uint64_t maker_string(struct maker *m, const char *s)
{
	size_t at = m->strings;

	memcpy(m->data + STRINGS_AT + at, s, strlen(s) + 1);
	m->strings += strlen(s) + 1;
	return at;
}

static inline void maker_dynamic(struct maker *m, uint64_t tag, uint64_t value)
{
	MAKER_FIELD(m, DYNAMIC_AT + m->dynamic, Dyn, d_tag, tag);
	MAKER_FIELD(m, DYNAMIC_AT + m->dynamic, Dyn, d_un, value);
	m->dynamic += MAKER_RECORD(m, Dyn);
}

static inline struct maker maker_new(bool wide, bool big, uint16_t type, uint16_t machine)
{
	struct maker m = { .wide = wide, .big = big, .strings = 1 };

	memcpy(m.data, ELFMAG, SELFMAG);
	m.data[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
	m.data[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
	MAKER_FIELD(&m, 0, Ehdr, e_type, type);
	MAKER_FIELD(&m, 0, Ehdr, e_machine, machine);
	maker_header(&m, PT_LOAD, 0, MAKER_SIZE);
	return m;
}

static inline void maker_needed(struct maker *m, const char *name)
{
	maker_dynamic(m, DT_NEEDED, maker_string(m, name));
}

static inline void maker_interpreter(struct maker *m, const char *path)
{
	memcpy(m->data + INTERPRETER_AT, path, strlen(path) + 1);
	maker_header(m, PT_INTERP, INTERPRETER_AT, strlen(path) + 1);
}

/* One record for each version: a file may have several. */
static inline void maker_needs_version(struct maker *m, const char *file, const char *version,
				       uint16_t flags)
{
	size_t at = VERNEED_AT + m->verneed, aux = at + sizeof(Elf64_Verneed);

	maker_put(m, at + offsetof(Elf64_Verneed, vn_cnt), 2, 1);
	maker_put(m, at + offsetof(Elf64_Verneed, vn_file), 4, maker_string(m, file));
	maker_put(m, at + offsetof(Elf64_Verneed, vn_aux), 4, sizeof(Elf64_Verneed));
	maker_put(m, aux + offsetof(Elf64_Vernaux, vna_flags), 2, flags);
	maker_put(m, aux + offsetof(Elf64_Vernaux, vna_name), 4, maker_string(m, version));
	if (m->verneed_n++)
		maker_put(m, m->last_verneed + offsetof(Elf64_Verneed, vn_next), 4,
			  at - m->last_verneed);
	m->last_verneed = at;
	m->verneed += sizeof(Elf64_Verneed) + sizeof(Elf64_Vernaux);
}

static inline void maker_defines_version(struct maker *m, const char *version)
{
	size_t at = VERDEF_AT + m->verdef, aux = at + sizeof(Elf64_Verdef);

	maker_put(m, at + offsetof(Elf64_Verdef, vd_cnt), 2, 1);
	maker_put(m, at + offsetof(Elf64_Verdef, vd_aux), 4, sizeof(Elf64_Verdef));
	maker_put(m, aux + offsetof(Elf64_Verdaux, vda_name), 4, maker_string(m, version));
	if (m->verdef_n++)
		maker_put(m, m->last_verdef + offsetof(Elf64_Verdef, vd_next), 4,
			  at - m->last_verdef);
	m->last_verdef = at;
	m->verdef += sizeof(Elf64_Verdef) + sizeof(Elf64_Verdaux);
}

static inline void maker_note(struct maker *m, const char *owner, uint32_t type, const char *text)
{
	size_t at = NOTES_AT + m->notes, name = strlen(owner) + 1, desc = strlen(text) + 1;

	maker_put(m, at, 4, name);
	maker_put(m, at + 4, 4, desc);
	maker_put(m, at + 8, 4, type);
	memcpy(m->data + at + 12, owner, name);
	memcpy(m->data + at + 12 + (name + 3) / 4 * 4, text, desc);
	m->notes += 12 + (name + 3) / 4 * 4 + (desc + 3) / 4 * 4;
}

/* The tables' addresses, and the header that says how many headers there are. */
static inline void maker_finish(struct maker *m)
{
	maker_dynamic(m, DT_STRTAB, MAKER_ADDRESS + STRINGS_AT);
	maker_dynamic(m, DT_STRSZ, m->strings);
	if (m->verneed_n) {
		maker_dynamic(m, DT_VERNEED, MAKER_ADDRESS + VERNEED_AT);
		maker_dynamic(m, DT_VERNEEDNUM, m->verneed_n);
	}
	if (m->verdef_n) {
		maker_dynamic(m, DT_VERDEF, MAKER_ADDRESS + VERDEF_AT);
		maker_dynamic(m, DT_VERDEFNUM, m->verdef_n);
	}
	maker_dynamic(m, DT_NULL, 0);
	maker_header(m, PT_DYNAMIC, DYNAMIC_AT, m->dynamic);
	if (m->notes)
		maker_header(m, PT_NOTE, NOTES_AT, m->notes);
	MAKER_FIELD(m, 0, Ehdr, e_phoff, HEADERS_AT);
	MAKER_FIELD(m, 0, Ehdr, e_phentsize, MAKER_RECORD(m, Phdr));
	MAKER_FIELD(m, 0, Ehdr, e_phnum, m->headers);
}
