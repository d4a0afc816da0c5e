/* SPDX-License-Identifier: MIT */
/* elf: what a program or library needs to be loaded, read from its bytes. */
#include <elf.h>
#include <errno.h>
#include <stddef.h>

#include "image/elf.h"

/* A field of `width` bytes; 0 outside of the file: callers check the record that it is in. */
static uint64_t field(const struct elf *e, uint64_t at, unsigned int width)
{
	uint64_t value = 0;

	if (at > e->size || e->size - at < width)
		return 0;
	for (unsigned int i = 0; i < width; i++) {
		unsigned int shift = 8 * (e->big ? width - 1 - i : i);

		value |= (uint64_t)e->data[at + i] << shift;
	}
	return value;
}

/* The same field of the record at `at`, by the two layouts of elf.h. */
#define FIELD(e, at, type, member)                                                          \
	((e)->wide ? field(e, (at) + offsetof(Elf64_##type, member),                        \
			   sizeof(((Elf64_##type *)0)->member))                             \
		   : field(e, (at) + offsetof(Elf32_##type, member),                        \
			   sizeof(((Elf32_##type *)0)->member)))
#define RECORD(e, type) ((e)->wide ? sizeof(Elf64_##type) : sizeof(Elf32_##type))

static bool inside(const struct elf *e, uint64_t at, uint64_t size)
{
	return at <= e->size && e->size - at >= size;
}

/* A string that ends inside [at, at + room). */
static const char *string(const struct elf *e, uint64_t at, uint64_t room)
{
	if (!inside(e, at, room) || room == 0 || !memchr(e->data + at, '\0', room))
		return NULL;
	return (const char *)e->data + at;
}

static const char *table_string(const struct elf *e, uint64_t offset)
{
	return offset < e->strings_size ? string(e, e->strings + offset, e->strings_size - offset)
					: NULL;
}

/* The dynamic table holds addresses; the segment that is loaded there says where in the file that
 * is. */
static int file_offset(const struct elf *e, uint64_t address, uint64_t *ret)
{
	for (unsigned int i = 0; i < e->headers_n; i++) {
		uint64_t at = e->headers + (uint64_t)i * e->header_size;
		uint64_t start = FIELD(e, at, Phdr, p_vaddr);

		if (FIELD(e, at, Phdr, p_type) != PT_LOAD || address < start ||
		    address - start >= FIELD(e, at, Phdr, p_filesz))
			continue;
		*ret = FIELD(e, at, Phdr, p_offset) + (address - start);
		return *ret < e->size ? 0 : -EBADMSG;
	}
	return -EBADMSG;
}

static int read_header(struct elf *e)
{
	if (e->size < EI_NIDENT || memcmp(e->data, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	e->wide = e->data[EI_CLASS] == ELFCLASS64;
	e->big = e->data[EI_DATA] == ELFDATA2MSB;
	if ((!e->wide && e->data[EI_CLASS] != ELFCLASS32) ||
	    (!e->big && e->data[EI_DATA] != ELFDATA2LSB) || !inside(e, 0, RECORD(e, Ehdr)))
		return -EBADMSG;
	e->type = (uint16_t)FIELD(e, 0, Ehdr, e_type);
	e->machine = (uint16_t)FIELD(e, 0, Ehdr, e_machine);
	e->headers = FIELD(e, 0, Ehdr, e_phoff);
	e->headers_n = (uint16_t)FIELD(e, 0, Ehdr, e_phnum);
	e->header_size = (uint16_t)FIELD(e, 0, Ehdr, e_phentsize);
	if (e->headers_n == 0)
		return 0;
	if (e->header_size < RECORD(e, Phdr) ||
	    !inside(e, e->headers, (uint64_t)e->headers_n * e->header_size))
		return -EBADMSG;
	return 0;
}

static int read_segments(struct elf *e)
{
	for (unsigned int i = 0; i < e->headers_n; i++) {
		uint64_t at = e->headers + (uint64_t)i * e->header_size;
		uint64_t type = FIELD(e, at, Phdr, p_type);
		uint64_t offset = FIELD(e, at, Phdr, p_offset),
			 size = FIELD(e, at, Phdr, p_filesz);

		if (type == PT_INTERP) {
			e->interpreter = string(e, offset, size);
			if (!e->interpreter)
				return -EBADMSG;
		} else if (type == PT_DYNAMIC) {
			if (!inside(e, offset, size))
				return -EBADMSG;
			e->dynamic = offset;
			e->dynamic_size = size;
		}
	}
	return 0;
}

/* The next entry of the dynamic table, up to its DT_NULL. */
static bool next_dynamic(const struct elf *e, uint64_t *state, uint64_t *ret_tag,
			 uint64_t *ret_value)
{
	if (e->dynamic_size < RECORD(e, Dyn) || *state > e->dynamic_size - RECORD(e, Dyn))
		return false;
	*ret_tag = FIELD(e, e->dynamic + *state, Dyn, d_tag);
	*ret_value = FIELD(e, e->dynamic + *state, Dyn, d_un);
	*state += RECORD(e, Dyn);
	return *ret_tag != DT_NULL;
}

static uint64_t dynamic_value(const struct elf *e, uint64_t wanted)
{
	uint64_t state = 0, tag, value;

	while (next_dynamic(e, &state, &tag, &value))
		if (tag == wanted)
			return value;
	return 0;
}

static int read_string_entry(const struct elf *e, uint64_t tag, const char **ret)
{
	uint64_t state = 0, found, value;

	while (next_dynamic(e, &state, &found, &value)) {
		if (found != tag)
			continue;
		*ret = table_string(e, value);
		if (!*ret)
			return -EBADMSG;
	}
	return 0;
}

static int read_table(const struct elf *e, uint64_t tag, uint64_t *ret)
{
	uint64_t address = dynamic_value(e, tag);

	return address ? file_offset(e, address, ret) : 0;
}

static int read_dynamic(struct elf *e)
{
	const char *needed = NULL;
	int r;

	if ((r = read_table(e, DT_STRTAB, &e->strings)) < 0 ||
	    (r = read_table(e, DT_VERNEED, &e->verneed)) < 0 ||
	    (r = read_table(e, DT_VERDEF, &e->verdef)) < 0)
		return r;
	e->strings_size = dynamic_value(e, DT_STRSZ);
	if (!inside(e, e->strings, e->strings_size))
		return -EBADMSG;
	e->verneed_n = dynamic_value(e, DT_VERNEEDNUM);
	e->verdef_n = dynamic_value(e, DT_VERDEFNUM);
	if ((r = read_string_entry(e, DT_RPATH, &e->rpath)) < 0 ||
	    (r = read_string_entry(e, DT_RUNPATH, &e->runpath)) < 0 ||
	    (r = read_string_entry(e, DT_SONAME, &e->soname)) < 0)
		return r;
	/* Looked at once, so that elf_next_needed() cannot meet a bad one. */
	return read_string_entry(e, DT_NEEDED, &needed);
}

int elf_open(const void *data, size_t size, struct elf *ret)
{
	struct elf e = { .data = data, .size = size };
	int r;

	r = read_header(&e);
	if (r < 0)
		return r;
	if (elf_is_loadable(&e) && ((r = read_segments(&e)) < 0 || (r = read_dynamic(&e)) < 0))
		return r;
	*ret = e;
	return 0;
}

const char *elf_error(int r)
{
	return r == -ENOEXEC ? "it is no ELF file" : r == -EBADMSG ? "damaged ELF file" : strerror(-r);
}

bool elf_is_loadable(const struct elf *e)
{
	return e->type == ET_EXEC || e->type == ET_DYN;
}

bool elf_same_machine(const struct elf *a, const struct elf *b)
{
	return a->wide == b->wide && a->big == b->big && a->machine == b->machine;
}

char *elf_machine_name(const struct elf *e)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} names[] = {
		{ EM_386,     "x86"         },
		{ EM_X86_64,  "x86-64"      },
		{ EM_ARM,     "Arm"         },
		{ EM_AARCH64, "Arm AArch64" },
		{ EM_RISCV,   "RISC-V"      },
		{ EM_PPC,     "PowerPC"     },
		{ EM_PPC64,   "PowerPC64"   },
		{ EM_S390,    "S/390"       },
		{ EM_MIPS,    "MIPS"        },
		{ 258,        "LoongArch"   },
	};
	const char *width = e->wide ? "64" : "32", *order = e->big ? ", big-endian" : "";
	const char *name = NULL;
	char *text;
	int n;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].machine == e->machine)
			name = names[i].name;
	if (name)
		n = asprintf(&text, "%s-bit %s%s", width, name, order);
	else
		n = asprintf(&text, "%s-bit machine %u%s", width, e->machine, order);
	return n < 0 ? NULL : text;
}

const char *elf_next_needed(const struct elf *e, uint64_t *state)
{
	uint64_t tag, value;

	while (next_dynamic(e, state, &tag, &value))
		if (tag == DT_NEEDED)
			return table_string(e, value);
	return NULL;
}

bool elf_needs(const struct elf *e, const char *name)
{
	uint64_t state = 0;
	const char *each;

	while ((each = elf_next_needed(e, &state)))
		if (streq(each, name))
			return true;
	return false;
}

/* Elf32_Verneed and Elf64_Verneed are the same record, and so are the other three. */
bool elf_mentions(const struct elf *e, const char *name)
{
	/* With its NUL. One string may be the end of another. */
	return e->strings_size > 0 && memmem(e->data + e->strings, e->strings_size, name, strlen(name) + 1);
}

static int each_aux(const struct elf *e, uint64_t need,
		    int (*fn)(const struct elf_version *, void *), void *data)
{
	uint64_t aux = need + field(e, need + offsetof(Elf64_Verneed, vn_aux), 4);
	uint64_t n = field(e, need + offsetof(Elf64_Verneed, vn_cnt), 2);
	struct elf_version v = {
		.file = table_string(e, field(e, need + offsetof(Elf64_Verneed, vn_file), 4)),
	};

	for (uint64_t i = 0; i < n; i++) {
		uint64_t next = field(e, aux + offsetof(Elf64_Vernaux, vna_next), 4);
		int r;

		v.version = table_string(e, field(e, aux + offsetof(Elf64_Vernaux, vna_name), 4));
		v.weak = field(e, aux + offsetof(Elf64_Vernaux, vna_flags), 2) & VER_FLG_WEAK;
		if (!inside(e, aux, sizeof(Elf64_Vernaux)) || !v.file || !v.version)
			return -EBADMSG;
		r = fn(&v, data);
		if (r != 0 || next == 0)
			return r;
		aux += next;
	}
	return 0;
}

int elf_each_needed_version(const struct elf *e,
			    int (*fn)(const struct elf_version *v, void *data), void *data)
{
	uint64_t at = e->verneed;

	for (uint64_t i = 0; at && i < e->verneed_n; i++) {
		uint64_t next = field(e, at + offsetof(Elf64_Verneed, vn_next), 4);
		int r;

		if (!inside(e, at, sizeof(Elf64_Verneed)))
			return -EBADMSG;
		r = each_aux(e, at, fn, data);
		if (r != 0 || next == 0)
			return r;
		at += next;
	}
	return 0;
}

int elf_each_defined_version(const struct elf *e,
			     int (*fn)(const struct elf_version *v, void *data), void *data)
{
	uint64_t at = e->verdef;

	for (uint64_t i = 0; at && i < e->verdef_n; i++) {
		uint64_t next = field(e, at + offsetof(Elf64_Verdef, vd_next), 4);
		uint64_t aux = at + field(e, at + offsetof(Elf64_Verdef, vd_aux), 4);
		uint64_t name = field(e, aux + offsetof(Elf64_Verdaux, vda_name), 4);
		struct elf_version v = { .version = table_string(e, name) };
		int r;

		/* The first name is the version itself, those after it are its parents. */
		if (!inside(e, at, sizeof(Elf64_Verdef)) ||
		    !inside(e, aux, sizeof(Elf64_Verdaux)) || !v.version)
			return -EBADMSG;
		r = fn(&v, data);
		if (r != 0 || next == 0)
			return r;
		at += next;
	}
	return 0;
}

#define NOTE_HEADER 12 /* Elf32_Nhdr and Elf64_Nhdr: namesz, descsz, type */

static uint64_t align(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* The note at `*at` of a segment that ends at `end`; moves `*at` behind it. False: none. */
static bool take_note(const struct elf *e, uint64_t *at, uint64_t end, uint64_t alignment,
		      uint64_t *ret_name, uint64_t *ret_desc)
{
	uint64_t name_size = field(e, *at, 4), desc_size = field(e, *at + 4, 4);
	uint64_t name = *at + NOTE_HEADER, desc = align(name + name_size, alignment);

	if (end - *at < NOTE_HEADER || desc > end || end - desc < desc_size)
		return false;
	*ret_name = name;
	*ret_desc = desc;
	*at = MIN(align(desc + desc_size, alignment), end);
	return true;
}

/* `*state`: the number of the segment above, how far into it below. */
const void *elf_next_note(const struct elf *e, const char *owner, uint32_t type, uint64_t *state,
			  uint64_t *ret_size)
{
	for (uint64_t i = *state >> 32, done = *state & UINT32_MAX; i < e->headers_n;
	     i++, done = 0) {
		uint64_t header = e->headers + i * e->header_size;
		uint64_t start = FIELD(e, header, Phdr, p_offset);
		uint64_t size = FIELD(e, header, Phdr, p_filesz);
		uint64_t alignment = FIELD(e, header, Phdr, p_align) == 8 ? 8 : 4;
		uint64_t at = start + done, name, desc;

		if (FIELD(e, header, Phdr, p_type) != PT_NOTE || !inside(e, start, size) ||
		    size > UINT32_MAX)
			continue;
		for (uint64_t note = at; take_note(e, &at, start + size, alignment, &name, &desc);
		     note = at)
			if (field(e, note + 8, 4) == type &&
			    field(e, note, 4) == strlen(owner) + 1 &&
			    memcmp(e->data + name, owner, strlen(owner) + 1) == 0) {
				*state = i << 32 | (at - start);
				*ret_size = field(e, note + 4, 4);
				return e->data + desc;
			}
	}
	return NULL;
}
