/* SPDX-License-Identifier: MIT */
/*
 * dlopen: the libraries that a program opens by itself when it wants them, as its .note.dlopen
 * says (https://systemd.io/ELF_DLOPEN_METADATA).
 */
#pragma once

#include "image/elf.h"

enum dlopen_priority {
	DLOPEN_SUGGESTED,   /* left out: of use to few */
	DLOPEN_RECOMMENDED, /* taken in where the sysroot has it */
	DLOPEN_REQUIRED,    /* must be there */
};

struct dlopen_feature {
	char *name; /* may be NULL */
	enum dlopen_priority priority;
	char **sonames; /* strv: alternatives, the best first */
};

struct dlopen_features {
	struct dlopen_feature *items;
	size_t n;
};

/* All features of all notes. 0, -ENOMEM, -EBADMSG: not the JSON that the page describes. */
int dlopen_read(const struct elf *e, struct dlopen_features *ret);

/* The same from the text of one note, appended to `ret`. */
int dlopen_parse(const char *text, size_t size, struct dlopen_features *ret);
void dlopen_free(struct dlopen_features *f);

#define _cleanup_dlopen_ _cleanup_(dlopen_free)
