/* SPDX-License-Identifier: MIT */
/* main: the program `slipway`: its commands and exit codes. */
#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/build.h"
#include "image/inspect.h"
#include "image/options.h"

/* slipway(8) promises these. */
enum exit_code { OK = 0, FAILED = 1, USAGE = 2, NO_SPACE = 4 };

static const struct option_row build_options[] = {
	{ "sysroot", 0, "DIR", "take everything from this tree, not from /",
	  offsetof(struct config, sysroot_path) },
	{ "kver", 0, "VERSION", "for this kernel; the only one there is, or the running one",
	  offsetof(struct config, kver) },
	{ "output", 'o', "FILE", "write this; default: SYSROOT/boot/initrd.img-VERSION",
	  offsetof(struct config, output) },
	{ "force", 'f', NULL, "replace it if it exists", offsetof(struct config, force) },
	{ "libexecdir", 0, "DIR",
	  "where init and shutdown are; default: beside slipway, else " LIBEXECDIR,
	  offsetof(struct config, libexecdir) },
	{ "root-fstype", 0, "TYPE", "the root's file system; default: as SYSROOT/etc/fstab says",
	  offsetof(struct config, root_fstype) },
	{ "rescue", 0, NULL, "put a shell and tools in (busybox), for rd.shell and rd.break",
	  offsetof(struct config, rescue) },
	{ "quiet", 'q', NULL, "only warnings and errors", offsetof(struct config, quiet) },
	{ "verbose", 'v', NULL, "say for each file why it is in",
	  offsetof(struct config, verbose) },
	{ 0 },
};

struct list_options {
	bool details;
};

static const struct option_row list_options[] = {
	{ "long", 'l', NULL, "mode, size and what a symlink points at too",
	  offsetof(struct list_options, details) },
	{ 0 },
};

static const struct option_row no_options[] = { { 0 } };

static enum exit_code exit_code(int r)
{
	if (r == -ENOSPC || r == -EDQUOT || r == -EFBIG)
		return NO_SPACE;
	return r < 0 ? FAILED : OK;
}

/*
 * What asks a build to stop is looked at between its steps, see build.c; and a write beyond the
 * limit on file sizes shall come back as an error, not as SIGXFSZ.
 */
static void set_signals(void)
{
	sigset_t stop;

	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGINT);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigaddset(&stop, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &stop, NULL);
	(void)signal(SIGXFSZ, SIG_IGN);
}

static int run_build(int argc, char *argv[])
{
	_cleanup_config_ struct config c = { .sysroot = SYSROOT_NONE };
	char **words;

	if (options_parse(build_options, argc, argv, &c, &words) < 0)
		return USAGE;
	if (*words) {
		log_error("cannot use %s: build takes options only; -o names the image", *words);
		return USAGE;
	}
	if (c.quiet)
		log_set_level(LOG_WARNING);
	if (c.verbose)
		log_set_level(LOG_DEBUG);
	set_signals();

	int r = config_complete(&c);

	return (int)exit_code(r < 0 ? r : build_image(&c));
}

static int run_ls(int argc, char *argv[])
{
	struct list_options o = { 0 };
	char **words;

	if (options_parse(list_options, argc, argv, &o, &words) < 0)
		return USAGE;
	if (strv_length(words) != 1) {
		log_error("cannot list: ls takes one image");
		return USAGE;
	}
	return (int)exit_code(inspect_list(words[0], o.details));
}

static int run_cat(int argc, char *argv[])
{
	char **words;

	if (options_parse(no_options, argc, argv, NULL, &words) < 0)
		return USAGE;
	if (strv_length(words) < 2) {
		log_error("cannot print: cat takes an image and one path or more in it");
		return USAGE;
	}
	return (int)exit_code(inspect_print(words[0], words + 1));
}

static int run_help(int argc, char *argv[]);
static int run_version(int argc, char *argv[]);

static const struct command {
	const char *name, *arguments, *help;
	int (*run)(int argc, char *argv[]);
	const struct option_row *options;
} commands[] = {
	{ "build", "[OPTION…]", "build an initrd", run_build, build_options },
	{ "ls", "[-l] IMAGE", "list what lies in an image", run_ls, list_options },
	{ "cat", "IMAGE PATH…", "print files of an image", run_cat, no_options },
	{ "--help", "", "print this", run_help, no_options },
	{ "--version", "", "print the version", run_version, no_options },
};

static int run_help(int argc, char *argv[])
{
	printf("slipway: builds an initrd and looks into one\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		printf("slipway %s %s\n    %s\n", commands[i].name, commands[i].arguments,
		       commands[i].help);
		options_print(commands[i].options);
	}
	printf("\nExit codes: 0 done, 1 failed (an old image is kept), 2 wrong usage, 4 no space "
	       "left.\n");
	return fflush(stdout) == 0 ? OK : FAILED;
}

static int run_version(int argc, char *argv[])
{
	printf("slipway %s\n", SLIPWAY_VERSION);
	return fflush(stdout) == 0 ? OK : FAILED;
}

static bool is_command(const struct command *c, const char *word)
{
	return streq(c->name, word) || (streq(word, "-h") && streq(c->name, "--help"));
}

int main(int argc, char *argv[])
{
	log_open("slipway", LOG_SINK_STDERR);
	if (argc < 2) {
		log_error("cannot tell what to do: give build, ls or cat; slipway --help tells "
			  "more");
		return USAGE;
	}
	/* "slipway build --help" is asked as often as "slipway --help". */
	if (argc > 2 && streq(argv[2], "--help"))
		return run_help(argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (is_command(&commands[i], argv[1]))
			return commands[i].run(argc - 1, argv + 1);
	log_error("cannot do %s: there are build, ls and cat; slipway --help tells more",
		  argv[1]);
	return USAGE;
}
