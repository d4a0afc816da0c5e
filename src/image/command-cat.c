/* SPDX-License-Identifier: MIT */
/* command-cat: `slipway cat`: files of an image to standard output. */
#include "base/log.h"
#include "base/strv.h"
#include "image/command.h"
#include "image/inspect.h"

static enum exit_code run_cat(int argc, char *argv[])
{
	char **words;

	if (options_parse(no_options, argc, argv, NULL, &words) < 0)
		return EXIT_USAGE;
	if (strv_length(words) < 2) {
		log_error("cannot print: cat takes an image and one path or more in it");
		return EXIT_USAGE;
	}
	return command_exit_code(inspect_print(words[0], words + 1));
}

const struct command command_cat = { "cat", "IMAGE PATH…", "print files of an image", run_cat, no_options };
