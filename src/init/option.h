/* SPDX-License-Identifier: MIT */
/*
 * option: reading the value of a word of the kernel command line.
 *
 * A value that makes no sense changes nothing and becomes a warning of `b`. All return 0 or -ENOMEM.
 */
#pragma once

#include "init/boot.h"

/* A row of a table that ends in { NULL }. */
struct option {
	const char *name;
	int (*set)(struct boot *b, const struct cmdline_word *w);
};

/* One of the words of a table that ends in { NULL }. */
struct option_choice {
	const char *word;
	int value;
};

/* The word is not understood; `allowed` says what would be. */
int option_warn(struct boot *b, const struct cmdline_word *w, const char *allowed);

int option_spec(struct boot *b, const struct cmdline_word *w, struct spec *spec);
int option_span(struct boot *b, const struct cmdline_word *w, uint64_t *ret);
int option_choice(struct boot *b, const struct cmdline_word *w, const struct option_choice *choices,
		  const char *allowed, int *ret);

/* Bare is yes; what is neither yes nor no changes nothing. */
int option_answer(struct boot *b, const struct cmdline_word *w, enum tristate *ret);
int option_bool(struct boot *b, const struct cmdline_word *w, bool *ret);

/* A word; an empty one is none. */
int option_text(const struct cmdline_word *w, char **ret);

/* Where "auto" means what the device holds. */
int option_fstype(const struct cmdline_word *w, char **ret);
