/* SPDX-License-Identifier: MIT */
/*
 * elf: what a program or library needs to be loaded, read from its bytes.
 *
 * Only what the dynamic loader itself looks at: program headers, PT_INTERP, PT_DYNAMIC and the
 * version tables it points at (elf(5); "Symbol Versioning" of the LSB). Both classes and both
 * byte orders, since a sysroot may be of another machine. Sections are not used: they may be
 * stripped. No library: what there is to read is a few tables of fixed records, and every offset
 * in them is foreign and must be checked here anyway.
 */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct elf {
	const uint8_t *data; /* borrowed */
	uint64_t size;
	bool wide; /* ELFCLASS64 */
	bool big;  /* ELFDATA2MSB */
	uint16_t type, machine;

	const char *interpreter; /* PT_INTERP, or NULL */
	const char *rpath, *runpath, *soname;

	/* Offsets and sizes in the file, 0 where there is none. */
	uint64_t headers, dynamic, dynamic_size, strings, strings_size;
	uint16_t headers_n, header_size;
	uint64_t verneed, verdef;
	uint64_t verneed_n, verdef_n;
};

/* -ENOEXEC: no ELF file; -EBADMSG: one whose tables point outside of it. */
int elf_open(const void *data, size_t size, struct elf *ret);

/* What is wrong, for messages: one of these two in words, any other as strerror(3). */
const char *elf_error(int r);

/* Is it loaded by a dynamic loader: a program or a library, no object file and no core? */
bool elf_is_loadable(const struct elf *e);

bool elf_same_machine(const struct elf *a, const struct elf *b);

/* "64-bit x86-64", for messages; the caller frees it. */
char *elf_machine_name(const struct elf *e);

/* The DT_NEEDED after `*state` (0 at first); NULL after the last. */
const char *elf_next_needed(const struct elf *e, uint64_t *state);

/* Is it one of those? */
bool elf_needs(const struct elf *e, const char *name);

/* Is there such a name among its strings? Of a symbol that it has or needs, mostly. */
bool elf_mentions(const struct elf *e, const char *name);

struct elf_version {
	const char *file;    /* the library that must define it: needed ones only */
	const char *version; /* "GLIBC_2.34" */
	bool weak;           /* VER_FLG_WEAK: may be missing */
};

/*
 * Calls `fn` for each version needed or defined until it does not return 0. That value, 0, or
 * -EBADMSG.
 */
int elf_each_needed_version(const struct elf *e,
			    int (*fn)(const struct elf_version *v, void *data), void *data);
int elf_each_defined_version(const struct elf *e,
			     int (*fn)(const struct elf_version *v, void *data), void *data);

/*
 * The next note of that owner ("FDO") and type after `*state` (0 at first): its bytes, NULL after
 * the last. A note that leaves its segment ends the segment.
 */
const void *elf_next_note(const struct elf *e, const char *owner, uint32_t type, uint64_t *state,
			  uint64_t *ret_size);
