/* SPDX-License-Identifier: MIT */
/* command: what `slipway WORD` runs: a file for each, and the table in main.c. */
#pragma once

#include "image/options.h"

/* slipway(8) promises these. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,   /* an old image is kept */
	EXIT_USAGE = 2,
	EXIT_DOUBT = 3,    /* done, but there are warnings: verify; diff: they differ */
	EXIT_NO_SPACE = 4,
};

struct command {
	const char *name, *arguments, *help;
	enum exit_code (*run)(int argc, char *argv[]); /* argv[0] is the command's name */
	const struct option_row *options;
};

extern const struct command command_build, command_cat, command_unpack, command_ls;

/* For a command without options. */
extern const struct option_row no_options[];

/* What a result, 0 or -errno, means for who called the program. */
enum exit_code command_exit_code(int r);
