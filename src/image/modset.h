/* SPDX-License-Identifier: MIT */
/*
 * modset: the modules that a kernel's directory holds, asked as libkmod would ask: by depmod's indexes alone.
 *
 * Of a tree (an image, whose /init has no more than this) or of a sysroot (all that the kernel has).
 */
#pragma once

#include "image/content.h"
#include "image/modindex.h"
#include "image/sysroot.h"
#include "image/tree.h"

enum modset_file { MODSET_DEP, MODSET_ALIAS, MODSET_BUILTIN, MODSET_BUILTIN_ALIAS, MODSET_FILES };

struct modset {
	const struct tree *tree; /* one of these two */
	const struct sysroot *sysroot;
	char *dir; /* in it: "lib/modules/6.1.0-50-amd64" */
	struct content files[MODSET_FILES];
	struct modindex index[MODSET_FILES];
	bool has[MODSET_FILES]; /* depmod before kmod 27 does not know the last one */
};

/*
 * -ENOENT: there is no modules.dep.bin; -EBADMSG: one of the indexes is damaged, `*ret_which` (a fixed text) says
 * which.
 */
int modset_open_tree(const struct tree *t, const char *dir, struct modset *ret, const char **ret_which);
int modset_open_sysroot(const struct sysroot *s, const char *dir, struct modset *ret, const char **ret_which);
void modset_close(struct modset *m);

/*
 * The row of modules.dep of that name, '-' or '_': "kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko". The caller
 * frees it. -ENOENT: it has no such module.
 */
int modset_row(const struct modset *m, const char *name, char **ret);

bool modset_is_builtin(const struct modset *m, const char *name);

/*
 * Is the module there to be loaded: its file and those of all that it depends on? With `ret_missing` (may be NULL)
 * the first path that is not, or NULL where the index does not have it at all; the caller frees it.
 */
bool modset_has(const struct modset *m, const char *name, char **ret_missing);

/*
 * The names of modules, built-in ones too, that a module's name or alias stands for, each once, appended to the
 * strv `ret`. 0, -ENOMEM or -EBADMSG.
 */
int modset_resolve(const struct modset *m, const char *alias, char ***ret);

/* Calls `fn` with the name and the row of every module. */
int modset_each(const struct modset *m, modindex_fn fn, void *data);

#define _cleanup_modset_ _cleanup_(modset_close)
