/* SPDX-License-Identifier: MIT */
/* config: what was asked of `slipway build` and what follows from it; const after that. */
#pragma once

#include <stdint.h>

#include "image/settings.h"
#include "image/sysroot.h"
#include "image/target.h"

struct config {
	/* As the command line says; NULL where it says nothing. Borrowed. */
	const char *sysroot_path, *kver, *output, *libexecdir, *root_fstype, *root_device;
	const char *uki, *uki_kernel, *uki_cmdline;
	bool force, all, print, rescue, quiet, verbose, host, generic;
	struct settings_options options;

	/* What config_complete() makes of it; the strings below are owned. */
	struct sysroot sysroot;
	struct settings settings;
	bool for_host;       /* settings.mode, where it can be told what this machine boots from */
	struct target target; /* empty unless for_host */
	char *kernel;        /* the version */
	char *modules;       /* its directory, canonical: "usr/lib/modules/6.1.0-50-amd64" */
	char *image;         /* the path to write */
	char *programs;      /* where init and shutdown lie, on the host */
	char *fstype;        /* of the root, or NULL: not known */
	const char *fstype_from; /* who says so: "--root-fstype", "/etc/fstab" */
	char *usr_fstype;    /* of a /usr of its own, or NULL: there is none, or not known */
	const char *usr_fstype_from;
	uint32_t mtime;      /* of everything in the image, s: 0 or SOURCE_DATE_EPOCH */
};

/* Fills in the second half and logs the one error: -EINVAL, -ENOENT, -EEXIST … */
int config_complete(struct config *c);

/* Frees that half: it is as it was asked for, and can be completed again. */
void config_reset(struct config *c);

/*
 * For who only looks at what is there: `sysroot` and `settings`; then, without a kernel asked for, `kernel` and
 * `modules`; or for a kernel that the sysroot need not have: then `modules` stays NULL. After it the types. All log
 * their one error.
 */
int config_open(struct config *c);
int config_choose_kernel(struct config *c);
int config_use_kernel(struct config *c, const char *kernel);
int config_choose_types(struct config *c);

/* Sets `programs`: what the command line says, else beside slipway, else the usual place. 0 or -ENOMEM. */
int config_choose_programs(struct config *c);

/* Sets `image`: what the command line says, else the name that the distribution uses for `kernel`. */
int config_choose_image(struct config *c);

void config_free(struct config *c);

#define _cleanup_config_ _cleanup_(config_free)
