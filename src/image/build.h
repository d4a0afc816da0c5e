/* SPDX-License-Identifier: MIT */
/*
 * build: from what was asked to an image, in passes.
 *
 *	config → tree (layout, init, files, modules, … crypttab, etc, closure, manifest) → cpio → zstd → file
 *
 * A pass is a row in build.c: it adds to the tree, logs its own one error and returns it.
 */
#pragma once

#include "image/config.h"
#include "image/kernel-config.h"
#include "image/progress.h"
#include "image/tree.h"

struct compress_format;

struct build {
	const struct config *config;
	struct kernel_config kernel_config;
	const struct compress_format *format; /* how the image is compressed */
	unsigned int level;
	bool systemd; /* it is /init */
	bool reserve; /* there is one: see reserve.h */
	unsigned int reserve_level;
	bool modprobe; /* there are modules that /init does not load before all else: libkmod and modprobe(8) are in */
	struct tree tree;
	struct progress *progress;
};

/* What is copied to /run/initramfs at boot: a root of its own, with a closure of its own. */
#define EXITRD "usr/lib/slipway/exitrd/"

/*
 * Beside it: what is laid over the exitrd only where something attached needs it at power-off, each a tree with a
 * closure of its own. src/init/helper.c has the same names, and when.
 */
#define EXITRD_HELPERS "usr/lib/slipway/exitrd-helpers/"
#define EXITRD_MDMON   EXITRD_HELPERS "mdmon/"

/* The root in which what lies at that path of the image will run: one of the above, "" for the image's own. */
const char *exitrd_root_of(const char *path);

/* Where goes what is added from now on. What would go into the reserve where there is none goes with all else. */
void build_into(struct build *b, enum tree_segment segment);

/* The passes. A pass begins with what each boot touches. */
int format_choose(struct build *b);
int layout_add(struct build *b);
int init_add(struct build *b);
int systemd_add(struct build *b);
int files_add(struct build *b);
int modules_add(struct build *b);
int modprobe_add(struct build *b);
int fsck_add(struct build *b);
int rescue_add(struct build *b);
int crypttab_add(struct build *b);
int storage_add(struct build *b);
int keymap_add(struct build *b);
int etc_add(struct build *b);
int closure_add(struct build *b);
int microcode_add(struct build *b);
int reserve_add(struct build *b);
int manifest_add(struct build *b);

/* Of systemd_add() what is in /etc. */
int accounts_add(struct build *b);

/* Of storage_add() only what goes into the exitrd. */
int storage_add_exitrd(struct build *b);

/*
 * Signals that mean "stop" wait (see command-build.c) and are asked for between passes, so that a temporary file is
 * cleaned up by the ordinary way out.
 */
bool build_interrupted(void);

/*
 * After the passes: verify() of the tree. 0, `*ret_doubts` where it has warned of something; -EBADMSG after the error
 * for what cannot boot; -errno.
 */
int judge(const struct build *b, bool *ret_doubts);

/*
 * All of it. 0, or -errno after the error was logged. `*ret_doubts`: the image is written, but verify() has warned of
 * something.
 */
int build_image(const struct config *c, bool *ret_doubts);

struct image;

/* The same without writing it: what would be built now, taken apart. */
int build_now(const struct config *c, struct image *ret);
