/* SPDX-License-Identifier: MIT */
/*
 * sysroot: the tree that the image's content comes from.
 *
 * Every path below is resolved inside it, absolute symlinks too (openat2(2), RESOLVE_IN_ROOT), so
 * that the tree of another distribution or architecture can be given. Nothing of it is run.
 */
#pragma once

#include <errno.h>
#include <sys/stat.h>

#include "base/macro.h"

struct sysroot {
	int fd;
	char *path; /* absolute, without symlinks; for messages and for libraries that take no
		       dirfd */
};

#define SYSROOT_NONE { .fd = -EBADF }

int sysroot_open(const char *path, struct sysroot *ret);
void sysroot_close(struct sysroot *s);

/* A descriptor or -errno. Paths may begin with a slash. */
int sysroot_open_file(const struct sysroot *s, const char *path, int flags);
int sysroot_stat(const struct sysroot *s, const char *path, struct stat *ret);
bool sysroot_has(const struct sysroot *s, const char *path);

/* A text file of at most 1 MiB; the caller frees it. */
int sysroot_read(const struct sysroot *s, const char *path, char **ret);

/* The same place without symlinks, see walk(). -ENOENT where there is nothing. */
int sysroot_resolve(const struct sysroot *s, const char *path, char **ret);

/*
 * The names in a directory that end in `suffix` ("" for all), hidden ones left out, sorted
 * bytewise, appended to the strv `ret`. A directory that is not there has none.
 */
int sysroot_list(const struct sysroot *s, const char *dir, const char *suffix, char ***ret);

/* All of them, hidden ones too. */
int sysroot_list_all(const struct sysroot *s, const char *dir, char ***ret);

/* walk_look: reads the link in the sysroot; `data` is the struct sysroot. -ENOENT, -ENOTDIR. */
int sysroot_look(void *data, const char *path, char **ret_target);

/* "/sys/root/usr/lib" for "usr/lib": for messages. The caller frees it; NULL when out of memory.
 */
char *sysroot_path(const struct sysroot *s, const char *path);

#define _cleanup_sysroot_ _cleanup_(sysroot_close)
