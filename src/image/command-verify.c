/* SPDX-License-Identifier: MIT */
/* command-verify: `slipway verify`: will this image boot the machine? */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/command.h"
#include "image/config.h"
#include "image/contents.h"
#include "image/image.h"
#include "image/machine.h"
#include "image/manifest.h"
#include "image/verify.h"

static const struct option_row verify_options[] = {
	{ "sysroot", 0, "DIR", "the image is for the system in this tree, not for /",
	  offsetof(struct config, sysroot_path) },
	{ "kver", 0, "VERSION", "with this kernel; default: the one whose modules it has",
	  offsetof(struct config, kver) },
	{ "root-fstype", 0, "TYPE", "the root's file system; default: as SYSROOT/etc/fstab says",
	  offsetof(struct config, root_fstype) },
	{ "root-device", 0, "DEVICE", "the root is this: /dev/NAME, MAJ:MIN, UUID=…, LABEL=…, PARTUUID=…",
	  offsetof(struct config, root_device) },
	{ "generic", 0, NULL, "prove only what counts for any machine", offsetof(struct config, generic) },
	{ "quiet", 'q', NULL, "only errors: the exit code tells", offsetof(struct config, quiet) },
	{ "verbose", 'v', NULL, "say for each proof what was seen", offsetof(struct config, verbose) },
	{ 0 },
};

struct look {
	struct image image;
	struct contents contents;
	struct manifest manifest;
	char *no_target; /* why this machine is not looked at; NULL: it is */
};

static void look_close(struct look *l)
{
	free(l->no_target);
	manifest_free(&l->manifest);
	contents_free(&l->contents);
	image_close(&l->image);
}

static int open_contents(const char *path, struct look *l)
{
	const struct tree_node *manifest;
	struct manifest_failure failure;
	int r = image_open_whole(path, &l->image);

	if (r < 0)
		return r;
	r = contents_read(&l->image.archive, &l->contents);
	if (r < 0)
		return log_errno(r, "cannot read %s", path);
	manifest = tree_lookup(&l->contents.tree, MANIFEST);
	if (manifest && S_ISREG(manifest->mode))
		r = manifest_read(manifest->bytes, manifest->size, &l->manifest, &failure);
	if (r == -EBADMSG)
		log_warning("cannot read /" MANIFEST " of %s: line %zu: %s, ignoring", path, failure.line, failure.why);
	return r == -ENOMEM ? r : 0;
}

/* The kernel of lib/modules in the image; NULL: none, or several. */
static int only_kernel(const struct tree *t, const char **ret)
{
	const struct tree_node *top = tree_lookup(t, "lib/modules");
	size_t n = top ? strlen(top->path) : 0, found = 0;

	TREE_FOREACH(node, t)
	if (top && S_ISDIR(node->mode) && strncmp(node->path, top->path, n) == 0 && node->path[n] == '/' &&
	    !strchr(node->path + n + 1, '/')) {
		*ret = node->path + n + 1;
		found++;
	}
	return found == 1 ? 0 : -ENOENT;
}

static int find_system(struct config *c, const struct look *l)
{
	const char *kernel = c->kver;
	int r = 0;

	if (kernel || l->manifest.kernel || only_kernel(&l->contents.tree, &kernel) == 0)
		r = config_use_kernel(c, kernel ?: l->manifest.kernel);
	return r == 0 ? config_choose_types(c) : r;
}

/* Without a machine there is less to be proved, which is no failure. */
static int find_machine(struct config *c, struct look *l)
{
	int r;

	if (c->generic)
		return string_set(&l->no_target, "the image is looked at for any machine");
	r = machine_ask(c, &c->target, &l->no_target);
	if (r < 0 && r != -ENOMEM && !l->no_target)
		l->no_target = strdup(strerror(-r));
	return r < 0 && (r == -ENOMEM || !l->no_target) ? -ENOMEM : 0;
}

static int look_at(struct config *c, const char *path, struct findings *ret)
{
	_cleanup_(look_close) struct look l = { 0 };
	int r = open_contents(path, &l);

	if (r == 0)
		r = find_machine(c, &l);
	if (r == 0)
		r = find_system(c, &l);
	if (r < 0)
		return r;
	return verify(&(struct subject){ .tree = &l.contents.tree,
					 .kernel = c->kernel,
					 .formats = l.contents.formats,
					 .late_microcode = l.contents.late_microcode,
					 .ours = tree_lookup(&l.contents.tree, "usr/lib/slipway") != NULL,
					 .generic = l.manifest.mode && streq(l.manifest.mode, "generic"),
					 .left_out = c->settings.omit_modules,
					 .sysroot = &c->sysroot,
					 .modules = c->modules,
					 .fstype = c->fstype,
					 .fstype_from = c->fstype_from,
					 .target = l.no_target ? NULL : &c->target,
					 .no_target = l.no_target },
		      ret);
}

static int open_system(struct config *c, const char *given)
{
	int r = config_open(c);

	if (r < 0 || given)
		return r < 0 ? r : string_set(&c->image, given);
	r = config_choose_kernel(c);
	return r == 0 ? config_choose_image(c) : r;
}

static enum exit_code run_verify(int argc, char *argv[])
{
	_cleanup_config_ struct config c = { .sysroot = SYSROOT_NONE };
	_cleanup_findings_ struct findings f = { 0 };
	char **words;
	int r;

	if (options_parse(verify_options, argc, argv, &c, &words) < 0)
		return EXIT_USAGE;
	if (strv_length(words) > 1) {
		log_error("cannot verify: verify takes one image");
		return EXIT_USAGE;
	}
	if (c.verbose)
		log_set_level(LOG_DEBUG);
	r = open_system(&c, words[0]);
	if (r == 0)
		r = look_at(&c, c.image, &f);
	if (r < 0)
		return command_exit_code(r);
	if (!c.quiet)
		findings_log(&f, "");
	return f.doubts + f.fatals > 0 ? EXIT_DOUBT : EXIT_OK;
}

const struct command command_verify = { "verify", "[OPTION…] [IMAGE]",
					"say what in an image would not boot this system", run_verify, verify_options };
