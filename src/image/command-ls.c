/* SPDX-License-Identifier: MIT */
/* command-ls: `slipway ls`: the paths in an image. */
#include "base/log.h"
#include "base/strv.h"
#include "image/command.h"
#include "image/inspect.h"

struct list_options {
	bool details, parts;
};

static const struct option_row list_options[] = {
	{ "long", 'l', NULL, "mode, size and what a symlink points at too",
	  offsetof(struct list_options, details) },
	{ "parts", 'p', NULL, "the archives that it is made of, and the sections of a unified kernel image",
	  offsetof(struct list_options, parts) },
	{ 0 },
};

static enum exit_code run_ls(int argc, char *argv[])
{
	struct list_options o = { 0 };
	char **words;

	if (options_parse(list_options, argc, argv, &o, &words) < 0)
		return EXIT_USAGE;
	if (strv_length(words) != 1) {
		log_error("cannot list: ls takes one image");
		return EXIT_USAGE;
	}
	return command_exit_code(o.parts ? inspect_parts(words[0]) : inspect_list(words[0], o.details));
}

const struct command command_ls = { "ls", "[-l|-p] IMAGE", "list what lies in an image", run_ls, list_options };
