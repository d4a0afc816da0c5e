/* SPDX-License-Identifier: MIT */
/* command-unpack: `slipway unpack`: an image's files into a directory. */
#include "base/log.h"
#include "image/command.h"
#include "image/unpack.h"

struct unpack_options {
	const char *directory;
	bool force, quiet;
};

static const struct option_row unpack_options[] = {
	{ "directory", 'C', "DIR", "into this directory, which is made; default: the current one",
	  offsetof(struct unpack_options, directory) },
	{ "force", 'f', NULL, "even if it is not empty", offsetof(struct unpack_options, force) },
	{ "quiet", 'q', NULL, "only warnings and errors", offsetof(struct unpack_options, quiet) },
	{ 0 },
};

static enum exit_code run_unpack(int argc, char *argv[])
{
	struct unpack_options o = { .directory = "." };
	char **words;

	if (options_parse(unpack_options, argc, argv, &o, &words) < 0)
		return EXIT_USAGE;
	if (!*words) {
		log_error("cannot unpack: unpack takes an image, and paths in it");
		return EXIT_USAGE;
	}
	if (o.quiet)
		log_set_level(LOG_WARNING);
	return command_exit_code(unpack_image(words[0], &(struct unpack){
								.directory = o.directory,
								.paths = words + 1,
								.force = o.force,
							}));
}

const struct command command_unpack = { "unpack", "[-C DIR] [-f] IMAGE [PATH…]", "unpack an image", run_unpack,
					unpack_options };
