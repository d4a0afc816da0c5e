/* SPDX-License-Identifier: MIT */
/* macro: what every file needs of the language: cleanup, hand-over, small questions. */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a)      (sizeof(a) / sizeof((a)[0]))
#define MAX(a, b)          ((a) > (b) ? (a) : (b))
#define MIN(a, b)          ((a) < (b) ? (a) : (b))
#define _printf_(fmt, arg) __attribute__((format(printf, fmt, arg)))
#define _cleanup_(f)       __attribute__((cleanup(f)))

/* Hands ownership over: the variable no longer frees what it held. */
#define TAKE_PTR(p)                       \
	({                                \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;               \
		taken_;                   \
	})
#define TAKE_FD(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -EBADF;     \
		taken_;            \
	})

static inline void free_pointer(void *p)
{
	free(*(void **)p);
}

/* Closes if it is a descriptor; keeps errno. */
static inline void close_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void close_file(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

static inline void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

#define _cleanup_free_     _cleanup_(free_pointer)
#define _cleanup_close_    _cleanup_(close_fd)
#define _cleanup_fclose_   _cleanup_(close_file)
#define _cleanup_closedir_ _cleanup_(close_dir)

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Equal, where NULL equals only NULL. */
static inline bool streq_null(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

/* What follows `prefix` in `s`, or NULL where `s` does not start with it. */
static inline const char *startswith(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

static inline bool endswith(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && streq(s + n - m, suffix);
}

/* Replaces the string that `p` owns by a copy of `s` (NULL clears). 0 or -ENOMEM. */
int string_set(char **p, const char *s);

/* Is one of the path's components ".."? */
bool path_has_dot_dot(const char *path);
