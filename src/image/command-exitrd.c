/* SPDX-License-Identifier: MIT */
/* command-exitrd: `slipway exitrd`: the way back for a machine that another initrd has booted. */
#include "base/log.h"
#include "image/command.h"
#include "image/staging.h"

struct exitrd_options {
	const char *libexecdir;
	bool quiet;
};

static const struct option_row exitrd_options[] = {
	{ "libexecdir", 0, "DIR", "where init and shutdown are; default: beside slipway, else " LIBEXECDIR,
	  offsetof(struct exitrd_options, libexecdir) },
	{ "quiet", 'q', NULL, "only warnings and errors", offsetof(struct exitrd_options, quiet) },
	{ 0 },
};

static enum exit_code run_exitrd(int argc, char *argv[])
{
	_cleanup_config_ struct config c = { .sysroot = SYSROOT_NONE };
	struct exitrd_options o = { 0 };
	char **words;

	if (options_parse(exitrd_options, argc, argv, &o, &words) < 0)
		return EXIT_USAGE;
	if (words[0] && words[1]) {
		log_error("cannot stage %s and %s: exitrd takes one directory, by default " STAGING_USUAL, words[0],
			  words[1]);
		return EXIT_USAGE;
	}
	if (o.quiet)
		log_set_level(LOG_WARNING);
	c.libexecdir = o.libexecdir;
	return command_exit_code(staging_do(&c, words[0] ?: STAGING_USUAL));
}

const struct command command_exitrd = { "exitrd", "[DIR]",
					"stage the way back for a system that another initrd has booted", run_exitrd,
					exitrd_options };
