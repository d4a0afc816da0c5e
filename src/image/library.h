/* SPDX-License-Identifier: MIT */
/*
 * library: the file that a name in DT_NEEDED stands for, looked for as ld.so(8) does.
 *
 * In this order: the object's own directories (DT_RUNPATH; or, where it has none, its DT_RPATH
 * and that of what loaded it), those of ld.so.conf, the loader's own. Files for another machine
 * are passed over.
 */
#pragma once

#include "image/content.h"
#include "image/elf.h"
#include "image/sysroot.h"

struct library_paths {
	const struct sysroot *sysroot;
	char **conf;      /* strv: what ld.so.conf says */
	char *loader_dir; /* where the loader lies; no slash in front, NULL: not known yet */
	struct elf machine; /* whose machine it must be for; no table of it is looked at */
};

struct library {
	char *path; /* in the sysroot, as it was found: it may lead through symlinks */
	struct content content;
	struct elf elf;
	bool needs_alias; /* found only by ld.so.conf, and the image will have no ld.so.cache */
};

/*
 * `own` is a strv. -ENOENT; -ENOEXEC where there are only such for other machines; -EBADMSG for a
 * damaged one, -ELOOP and the like. The caller frees with library_free().
 */
int library_find(const struct library_paths *p, char *const *own, const char *name,
		 struct library *ret);
void library_free(struct library *l);

/* "/a, /b, /c": where library_find() looks. The caller frees it; NULL when out of memory. */
char *library_paths_text(const struct library_paths *p, char *const *own);

void library_paths_free(struct library_paths *p);

#define _cleanup_library_ _cleanup_(library_free)
