/* SPDX-License-Identifier: MIT */
/* command: what `slipway WORD` runs: a file for each, and the table in main.c. */
#pragma once

#include "image/config.h"
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

extern const struct command command_build, command_cat, command_diff, command_exitrd, command_explain, command_ls,
	command_profile, command_unpack, command_verify;

/* For a command without options. */
extern const struct option_row no_options[];

/* What a result, 0 or -errno, means for who called the program. */
enum exit_code command_exit_code(int r);

/* What build takes, and other commands that look at what it would make. */
extern const struct option_row build_options[];

/* Their words, and what follows from -q and -v at once. -EINVAL after the error was logged. */
int command_parse_build(int argc, char *argv[], struct config *c, char ***ret_words);
