/* SPDX-License-Identifier: MIT */
/* strv: NULL-terminated arrays of strings; NULL is an empty one. */
#pragma once

#include "base/macro.h"

void strv_free(char **l);
size_t strv_length(char *const *l);
bool strv_contains(char *const *l, const char *s);

/* Appends a copy of `s`; `*l` stays valid on failure. 0 or -ENOMEM. */
int strv_push(char ***l, const char *s);

/* Takes out each `s`. */
void strv_remove(char **l, const char *s);

/* Appends the words of `s` that any byte of `separators` divides; empty ones are left out. */
int strv_split(char ***l, const char *s, const char *separators);

/* "a, b" with `between` ", ". The caller frees; NULL: out of memory. */
char *strv_join(char *const *l, const char *between);

static inline void strv_free_pointer(char ***l)
{
	strv_free(*l);
}

#define _cleanup_strv_ _cleanup_(strv_free_pointer)
#define STRV_FOREACH(s, l) for (char *const *s = (l); s && *s; s++)
