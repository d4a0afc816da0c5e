/* SPDX-License-Identifier: MIT */
/* options: a command's words, by a table that --help prints too. */
#pragma once

#include <stddef.h>

#include "base/macro.h"

#define OPTION_MANY (1 << 8)

struct option_row {
	const char *name; /* "kver" for --kver */
	int letter;       /* 0: none; OPTION_MANY is added where it may be given more than once */
	const char *argument; /* "VERSION"; NULL: it takes none */
	const char *help;
	/* Where in the target: a `const char *`, borrowed from argv; without argument a `bool`; with OPTION_MANY a
	   strv, the caller's. */
	size_t at;
};

/*
 * Ends with a row whose `name` is NULL. Options and other words may be mixed; "--" ends the
 * options.
 * `*ret_words` are the other words, in argv. 0, or -EINVAL after the error was logged.
 */
int options_parse(const struct option_row *rows, int argc, char *argv[], void *target,
		  char ***ret_words);

/* The table, one line an option, as --help shows it. */
void options_print(const struct option_row *rows);
