/* SPDX-License-Identifier: MIT */
/* command-cat: `slipway cat`: files of an image to standard output. */
#include "base/log.h"
#include "base/strv.h"
#include "image/command.h"
#include "image/inspect.h"

struct print_options {
	bool sections;
};

static const struct option_row print_options[] = {
	{ "section", 's', NULL, "PATH is a section of a unified kernel image: .cmdline, .osrel, …",
	  offsetof(struct print_options, sections) },
	{ 0 },
};

static enum exit_code run_cat(int argc, char *argv[])
{
	struct print_options o = { 0 };
	char **words;

	if (options_parse(print_options, argc, argv, &o, &words) < 0)
		return EXIT_USAGE;
	if (strv_length(words) < 2) {
		log_error("cannot print: cat takes an image and one path or more in it");
		return EXIT_USAGE;
	}
	return command_exit_code(o.sections ? inspect_print_sections(words[0], words + 1)
					    : inspect_print(words[0], words + 1));
}

const struct command command_cat = { "cat", "[-s] IMAGE PATH…", "print files of an image", run_cat, print_options };
