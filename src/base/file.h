/* SPDX-License-Identifier: MIT */
/* file: whole files, by dirfd and relative path (AT_FDCWD for the process's own). 0 or -errno. */
#pragma once

#include <fcntl.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

/*
 * Reads a file of at most `max` bytes (-EFBIG above); `*ret` is NUL-terminated, the caller
 * frees it. `ret_size` may be NULL. Sizes reported by stat are not believed: /proc and /sys say
 * 0 or 4096.
 */
int file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size);
int file_read_fd(int fd, size_t max, char **ret, size_t *ret_size);

/* The first line without its newline, of a file of at most 64 KiB. */
int file_read_line(int dirfd, const char *path, char **ret);

/* The first line as a decimal number. -EINVAL where it is none. */
int file_read_u64(int dirfd, const char *path, uint64_t *ret);

/* Writes all of it or says why not. */
int file_write_fd(int fd, const void *data, size_t size);

/* Creates or truncates. Not atomic: for /run, /proc and /sys. */
int file_write(int dirfd, const char *path, const char *text, mode_t mode);

/*
 * Copies a regular file (-EINVAL: it is none) under the temporary name `to`.new, then renames
 * that to `to`. On failure nothing is left behind and `to` is as it was.
 */
int file_copy(int from_dirfd, const char *from, int to_dirfd, const char *to, mode_t mode);

/* Opens a directory for reading; the caller closes it with closedir(3). */
int file_open_dir(int dirfd, const char *path, DIR **ret);

/* Makes `path` and what is missing above it; an existing directory is fine, anything else
 * -ENOTDIR. */
int file_mkdir_parents(int dirfd, const char *path, mode_t mode);
