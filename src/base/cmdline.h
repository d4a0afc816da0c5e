/* SPDX-License-Identifier: MIT */
/*
 * cmdline: /proc/cmdline as the kernel itself splits it (lib/cmdline.c, next_arg()).
 *
 * Double quotes keep spaces together and are dropped when they open the word or its value;
 * there is no escape. The first '=' after the first letter divides. A word "--" ends the
 * kernel's part: what follows belongs to init, up to another "--", where parse_args() stops for
 * good. One departure: only ASCII white space divides. The kernel's isspace() has 0xa0 as well
 * and so cuts LABEL=voilà in two.
 */
#pragma once

#include "base/macro.h"

struct cmdline_word {
	char *key;
	char *value; /* NULL where the word had no '=' */
};

struct cmdline {
	struct cmdline_word *words;
	size_t n;
	char **init_args; /* strv, the words after "--" */
};

/* Splits `text`; the caller frees with cmdline_free(). 0 or -ENOMEM. Appends to what `ret`
 * holds. */
int cmdline_parse(const char *text, struct cmdline *ret);
void cmdline_free(struct cmdline *c);

/* Equal as the kernel compares names: '-' and '_' are the same letter. */
bool cmdline_key_is(const char *key, const char *name);

/* The last word of that name, or NULL. The last one wins everywhere. */
const struct cmdline_word *cmdline_find(const struct cmdline *c, const char *name);

/* Its value, or `fallback` where there is no such word or it has no value. */
const char *cmdline_value(const struct cmdline *c, const char *name, const char *fallback);

/* Bare (NULL), 1, yes, true, on, y: 1; 0, no, false, off, n: 0; anything else: -EINVAL. */
int cmdline_answer(const char *value);

/* The same of the word `name`; `fallback` where it is absent or neither. */
bool cmdline_bool(const struct cmdline *c, const char *name, bool fallback);

#define _cleanup_cmdline_ _cleanup_(cmdline_free)
