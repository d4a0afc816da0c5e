/* SPDX-License-Identifier: MIT */
/* module: kernel modules of the sysroot, by libkmod, into the tree with all that they need. */
#pragma once

#include "image/build.h"

struct kmod_ctx;

struct modules {
	struct build *build;
	struct kmod_ctx *kmod;
	char *dir;     /* of the sysroot's modules, as libkmod names it: absolute, on the host */
	char **paths;  /* of all modules, relative to `dir`, sorted; behind the NUL: what they need */
	size_t n;
	unsigned int errors; /* how many libkmod has told of */

	/* What is added now is to be near, see near.h: decompressed, and by name in the strv. */
	bool near;
	char **candidates;

	/* Two strv of one length: what init is to load before it waits for anything, in this order, and why. */
	char **first, **first_why;
};

/*
 * Opens the index of config->modules. The one error is logged. `ret` must not move afterwards: libkmod
 * keeps its address.
 */
int modules_open(struct build *b, struct modules *ret);
void modules_close(struct modules *m);

/*
 * Adds what a name stands for (a module, an alias: "fs-ext4", or both spellings of '-'), with
 * what it depends on: its dependencies, softdeps before and after it, weakdeps. 0 too where the
 * kernel has none of that name; `*ret_found` (may be NULL) tells: how many modules, -1 for built
 * in. What modprobe.d blacklists is not found by an alias. What omit_modules names, what depends on
 * that, and what modprobe.d has /bin/true run for ("never") is found but not added.
 */
int modules_add_name(struct modules *m, const char *name, const char *reason, int *ret_found);

/*
 * The modules that a name or alias stands for or, if it has a slash, whose paths begin with it, appended to the
 * strv `ret` as paths below `dir`. 1 where it is (also) built in, else 0.
 */
int modules_find(struct modules *m, const char *name, char ***ret);

/* To be loaded first, a module or an alias; what is listed under another name is not listed again. */
int modules_load_first(struct modules *m, const char *name, const char *why);

/* "ext4" for "kernel/fs/ext4/ext4.ko.xz". The caller frees it; NULL when out of memory. */
char *module_name(const char *path);

#define _cleanup_modules_ _cleanup_(modules_close)
