/* SPDX-License-Identifier: MIT */
/*
 * optional: a library that a program opens when it wants it, and says so in its .note.dlopen
 * (https://uapi-group.org/specifications/specs/elf_dlopen_metadata/), so that whoever packs the program packs it too.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* At file scope, once a file; `priority`: "required", "recommended", "suggested". */
#define OPTIONAL_LIBRARY(feature, description, priority, soname)                                                     \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {                             \
		uint32_t owner_size, text_size, type;                                                                \
		char owner[4];                                                                                       \
		char text[sizeof(OPTIONAL_NOTE_(feature, description, priority, soname))];                           \
	} dlopen_note = { 4, sizeof(OPTIONAL_NOTE_(feature, description, priority, soname)), 0x407c0c0a, "FDO",     \
			  OPTIONAL_NOTE_(feature, description, priority, soname) }
#define OPTIONAL_NOTE_(feature, description, priority, soname)                                          \
	"[{\"feature\":\"" feature "\",\"description\":\"" description "\",\"priority\":\"" priority "\"," \
	"\"soname\":[\"" soname "\"]}]"

/* A function of it, and where its pointer goes in the caller's table. */
struct optional_symbol {
	const char *name;
	size_t offset;
};

/*
 * Opens it and fills the table. `*ret` is for dlclose(3). -ENOPKG: it is not installed; -ENOSYS: it lacks one of the
 * functions.
 */
int optional_open(const char *soname, const struct optional_symbol *symbols, size_t n, void *table, void **ret);
