/* SPDX-License-Identifier: MIT */
/* command-unpack: `slipway unpack`: an image's files into a directory. */
#include "base/log.h"
#include "base/number.h"
#include "image/command.h"
#include "image/unpack.h"

struct unpack_options {
	const char *directory, *part;
	bool force, quiet;
};

static const struct option_row unpack_options[] = {
	{ "directory", 'C', "DIR", "into this directory, which is made; default: the current one",
	  offsetof(struct unpack_options, directory) },
	{ "part", 'p', "N", "only this part, as ls --parts counts them", offsetof(struct unpack_options, part) },
	{ "force", 'f', NULL, "even if it is not empty", offsetof(struct unpack_options, force) },
	{ "quiet", 'q', NULL, "only warnings and errors", offsetof(struct unpack_options, quiet) },
	{ 0 },
};

static enum exit_code run_unpack(int argc, char *argv[])
{
	struct unpack_options o = { .directory = "." };
	uint64_t part = 0;
	char **words;

	if (options_parse(unpack_options, argc, argv, &o, &words) < 0)
		return EXIT_USAGE;
	if (!*words) {
		log_error("cannot unpack: unpack takes an image, and paths in it");
		return EXIT_USAGE;
	}
	if (o.part && (number_parse(o.part, UINT32_MAX, &part) < 0 || part == 0)) {
		log_error("cannot use --part %s: it must be a number from 1 on, as ls --parts counts them", o.part);
		return EXIT_USAGE;
	}
	if (o.quiet)
		log_set_level(LOG_WARNING);
	return command_exit_code(unpack_image(words[0], &(struct unpack){
								.directory = o.directory,
								.paths = words + 1,
								.part = part,
								.force = o.force,
							}));
}

const struct command command_unpack = { "unpack", "[-C DIR] [-p N] [-f] IMAGE [PATH…]", "unpack an image", run_unpack,
					unpack_options };
