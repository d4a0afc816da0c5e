/* SPDX-License-Identifier: MIT */
/*
 * modconf: what modprobe.d(5) and the kernel command line say of modules: options and the black list. Pure.
 *
 * What else modprobe.d can say (install, remove, alias, softdep) is libkmod's business: `slipway build` leaves modules
 * of which something like that is said to the reserve.
 */
#pragma once

#include "base/cmdline.h"

struct modconf {
	struct modconf_option {
		char *module, *text;
	} *options;
	size_t options_n;
	char **blacklist; /* strv */
};

/* The text of modprobe.d; cut up. 0 or -ENOMEM. */
int modconf_read(struct modconf *c, char *text);

/* MODULE.PARAM=VALUE and modprobe.blacklist=A,B of the kernel command line. 0 or -ENOMEM. */
int modconf_read_cmdline(struct modconf *c, const struct cmdline *words);
void modconf_free(struct modconf *c);

bool modconf_is_blacklisted(const struct modconf *c, const char *module);

/* All options of the module in order, "" for none: of the same one the kernel takes the last. The caller frees; NULL:
 * out of memory. */
char *modconf_options(const struct modconf *c, const char *module);
