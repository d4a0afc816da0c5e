/* SPDX-License-Identifier: MIT */
/* proof: what the proofs of verify.c share: the image as they see it, and how they say what they found. */
#pragma once

#include "image/elf.h"
#include "image/modset.h"
#include "image/verify.h"

struct proof {
	const struct subject *subject;
	const char *name; /* of the proof that is at work */
	struct findings *findings;

	char *kernel;       /* "6.1.0-50-amd64"; NULL: the image has no modules */
	char *dir;          /* "usr/lib/modules/6.1.0-50-amd64" */
	struct modset have; /* the image's modules; nothing where `indexed` is not set */
	bool indexed;
	struct modset all; /* the kernel's, in the sysroot; nothing where `known` is not set */
	bool known;
	char **refused; /* strv of pairs: a module that modprobe.d of the image will not have loaded, and the file */
	struct elf machine; /* what /init is built for; no table of it is looked at */
	bool runs;          /* `machine` is known */
};

/* What a proof found. 0 or -ENOMEM, which the proof returns. */
int proved(struct proof *p, const char *fmt, ...) _printf_(2, 3);
int skipped(struct proof *p, const char *fmt, ...) _printf_(2, 3);
int doubt(struct proof *p, const char *fmt, ...) _printf_(2, 3);
int fatal(struct proof *p, const char *fmt, ...) _printf_(2, 3);

/* How many doubts and fatal findings there are so far. */
size_t proof_failures(const struct proof *p);

/* The regular, executable file that a path of the image ends at, or NULL. */
const struct tree_node *proof_program(const struct proof *p, const char *path);

/* The text of a file of the image; the caller frees it. -ENOENT, -EFBIG above 1 MiB. */
int proof_text(const struct proof *p, const char *path, char **ret);

/*
 * Each file of a directory of the image that ends in `suffix`, sorted by name, appended to the strv `ret` with its
 * path.
 */
int proof_list(const struct proof *p, const char *dir, const char *suffix, char ***ret);

/* The path of the file of modprobe.d that forbids to load the module when an alias asks for it, or NULL. */
const char *proof_refused(const struct proof *p, const char *module);
int proof_read_refused(struct proof *p);

/* Is the module in the image with what it depends on, or built in? */
bool proof_serves(const struct proof *p, const char *module);

/* … or may it be that nobody knows it: the kernel, as far as its modules are there to see, does not have it? */
bool proof_lacks(const struct proof *p, const char *module);

/* The proofs. 0, or -errno: after an error of reading was logged, or -ENOMEM. */
int prove_init(struct proof *p);
int prove_console(struct proof *p);
int prove_release(struct proof *p);
int prove_exitrd(struct proof *p);
int prove_programs(struct proof *p);
int prove_modules(struct proof *p);
int prove_modprobe(struct proof *p);
int prove_load_list(struct proof *p);
int prove_rules(struct proof *p);
int prove_root_type(struct proof *p);
int prove_fsck(struct proof *p);
int prove_drivers(struct proof *p);
int prove_layers(struct proof *p);
int prove_keyboard(struct proof *p);
int prove_keymap(struct proof *p);
int prove_firmware(struct proof *p);
int prove_cmdline(struct proof *p);
int prove_format(struct proof *p);
int prove_microcode(struct proof *p);
int prove_reserve(struct proof *p);
