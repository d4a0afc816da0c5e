/* SPDX-License-Identifier: MIT */
/* command-build: `slipway build`: an image from a sysroot. */
#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/build.h"
#include "image/command.h"
#include "image/kernels.h"

const struct option_row build_options[] = {
	{ "sysroot", 0, "DIR", "take everything from this tree, not from /",
	  offsetof(struct config, sysroot_path) },
	{ "kver", 0, "VERSION", "for this kernel; the only one there is, or the running one",
	  offsetof(struct config, kver) },
	{ "output", 'o', "FILE", "write this; default: in SYSROOT/boot, named as its distribution does",
	  offsetof(struct config, output) },
	{ "uki", 0, "FILE", "write a unified kernel image instead, by ukify or objcopy", offsetof(struct config, uki) },
	{ "uki-kernel", 0, "FILE", "of this kernel; default: SYSROOT/boot/vmlinuz-VERSION",
	  offsetof(struct config, uki_kernel) },
	{ "uki-cmdline", 0, "TEXT", "with this command line; default: SYSROOT/etc/kernel/cmdline",
	  offsetof(struct config, uki_cmdline) },
	{ "force", 'f', NULL, "replace it if it exists", offsetof(struct config, force) },
	{ "regenerate-all", 'P', NULL, "for each kernel that has modules, replacing what exists",
	  offsetof(struct config, all) },
	{ "libexecdir", 0, "DIR",
	  "where init and shutdown are; default: beside slipway, else " LIBEXECDIR,
	  offsetof(struct config, libexecdir) },
	{ "root-fstype", 0, "TYPE", "the root's file system; default: as SYSROOT/etc/fstab says",
	  offsetof(struct config, root_fstype) },
	{ "root-device", 0, "DEVICE", "with --host: the root is this: /dev/NAME, MAJ:MIN, UUID=…, LABEL=…, PARTUUID=…",
	  offsetof(struct config, root_device) },
	{ "rescue", 0, NULL, "put a shell and tools in (busybox), for rd.shell and rd.break",
	  offsetof(struct config, rescue) },
	{ "config", 0, "FILE", "settings from this file, not from SYSROOT/etc/slipway.conf and its drop-ins",
	  offsetof(struct config, options.config) },
	{ "print-config", 0, NULL, "print the settings, each with where it comes from, and build nothing",
	  offsetof(struct config, print) },
	{ "generic", 0, NULL, "for any machine; the default", offsetof(struct config, generic) },
	{ "host", 0, NULL, "for what this machine boots from", offsetof(struct config, host) },
	{ "init", 0, "NAME", "who is PID 1 in the initrd: slipway or systemd",
	  offsetof(struct config, options.init) },
	{ "modules", OPTION_MANY, "NAMES", "take these modules in too: names, aliases, or paths as kernel/drivers/ata/",
	  offsetof(struct config, options.modules) },
	{ "omit-modules", OPTION_MANY, "NAMES", "leave these out", offsetof(struct config, options.omit_modules) },
	{ "force-modules", OPTION_MANY, "NAMES", "take these in and load them first",
	  offsetof(struct config, options.force_modules) },
	{ "files", OPTION_MANY, "PATHS", "take these files and directories of SYSROOT in, with what they need",
	  offsetof(struct config, options.files) },
	{ "install", OPTION_MANY, "PAIR", "\"FROM TO\": FROM of this machine becomes TO in the image",
	  offsetof(struct config, options.install) },
	{ "compress", 0, "FORMAT", "auto, zstd, xz, gzip, lz4, none, or with a level, zstd:19",
	  offsetof(struct config, options.compress) },
	{ "reserve", 0, "WORD", "yes or no: what most boots have no use for is packed apart, unpacked on need",
	  offsetof(struct config, options.reserve) },
	{ "firmware", 0, "WORD", "auto, yes or no", offsetof(struct config, options.firmware) },
	{ "microcode", 0, "WORD", "auto, all, host or none", offsetof(struct config, options.microcode) },
	{ "keymap", 0, "NAME", "for the passphrase's prompt: auto, no, or a keymap's name",
	  offsetof(struct config, options.keymap) },
	{ "archives", 0, "WORD", "no or yes: what a root that is unpacked from tar archives needs",
	  offsetof(struct config, options.archives) },
	{ "quiet", 'q', NULL, "only warnings and errors", offsetof(struct config, quiet) },
	{ "verbose", 'v', NULL, "say for each file why it is in",
	  offsetof(struct config, verbose) },
	{ 0 },
};

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

/* What the command line asks for, before anything is opened. */
static int check_usage(struct config *c)
{
	_cleanup_settings_ struct settings alone = { 0 };

	if (c->host && c->generic) {
		log_error("cannot use --host with --generic: an image is for one or the other");
		return -EINVAL;
	}
	if (c->all && (c->kver || c->output)) {
		log_error("cannot use -P with %s: it makes an image of the usual name for each kernel",
			  c->kver ? "--kver" : "-o");
		return -EINVAL;
	}
	if (c->uki && (c->output || c->all)) {
		log_error("cannot use --uki with %s: it names the one file that is written", c->output ? "-o" : "-P");
		return -EINVAL;
	}
	if (!c->uki && (c->uki_kernel || c->uki_cmdline)) {
		log_error("cannot use %s without --uki", c->uki_kernel ? "--uki-kernel" : "--uki-cmdline");
		return -EINVAL;
	}
	if (c->host || c->generic)
		c->options.mode = c->host ? "host" : "generic";
	return settings_apply(&c->options, &alone);
}

static enum exit_code build_one(struct config *c, const char *kver)
{
	bool doubts = false;
	int r;

	c->kver = kver;
	r = config_complete(c);
	if (r == 0)
		r = build_image(c, &doubts);
	config_reset(c);
	return r == 0 && doubts ? EXIT_DOUBT : command_exit_code(r);
}

/* The kernels, and whether what is asked for can be meant: an error for all of them is told once. */
static int list_kernels(const struct config *c, char ***ret)
{
	_cleanup_settings_ struct settings settings = { 0 };
	_cleanup_sysroot_ struct sysroot sysroot = SYSROOT_NONE;
	const char *path = c->sysroot_path ?: "/";
	int r = sysroot_open(path, &sysroot);

	if (r < 0)
		return log_errno(r, "cannot open the sysroot %s", path);
	r = settings_read(&sysroot, &c->options, &settings);
	if (r == 0)
		r = kernels_list_indexed(&sysroot, ret);
	if (r == 0 && !*ret) {
		log_error("cannot find a kernel: there is none under lib/modules in %s", sysroot.path);
		r = -ENOENT;
	}
	return r;
}

/* One that fails does not keep the others from theirs, but for a user who wants it to end. */
static enum exit_code build_all(struct config *c)
{
	static const enum exit_code by_weight[] = { EXIT_OK, EXIT_DOUBT, EXIT_NO_SPACE, EXIT_FAILED };
	_cleanup_strv_ char **kernels = NULL;
	size_t worst = 0;
	int r = list_kernels(c, &kernels);

	c->force = true;
	STRV_FOREACH(kernel, kernels) {
		enum exit_code code;

		log_set_stage(*kernel);
		code = build_one(c, *kernel);
		for (size_t i = worst; i < ARRAY_SIZE(by_weight); i++)
			if (by_weight[i] == code)
				worst = i;
		if (build_interrupted())
			break;
	}
	log_set_stage(NULL);
	return r < 0 ? command_exit_code(r) : by_weight[worst];
}

int command_parse_build(int argc, char *argv[], struct config *c, char ***ret_words)
{
	if (options_parse(build_options, argc, argv, c, ret_words) < 0 || check_usage(c) < 0)
		return -EINVAL;
	if (c->quiet)
		log_set_level(LOG_WARNING);
	if (c->verbose)
		log_set_level(LOG_DEBUG);
	set_signals();
	return 0;
}

static enum exit_code print_settings(struct config *c)
{
	int r = config_open(c);

	if (r == 0) {
		r = settings_print(&c->settings);
		if (r < 0)
			log_errno(r, "cannot print the settings");
	}
	return command_exit_code(r);
}

static enum exit_code run_build(int argc, char *argv[])
{
	_cleanup_config_ struct config c = { .sysroot = SYSROOT_NONE };
	char **words;

	if (command_parse_build(argc, argv, &c, &words) < 0)
		return EXIT_USAGE;
	if (*words) {
		log_error("cannot use %s: build takes options only; -o names the image", *words);
		return EXIT_USAGE;
	}
	if (c.print)
		return print_settings(&c);
	return c.all ? build_all(&c) : build_one(&c, c.kver);
}

const struct command command_build = { "build", "[OPTION…]", "build an initrd", run_build, build_options };
