/* SPDX-License-Identifier: MIT */
/*
 * memory: the n-th allocation fails. A test that includes this has in its first comment the line
 * " * wrap: malloc calloc realloc strdup strndup asprintf"; calls inside libraries are not counted.
 */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

static unsigned int memory_countdown; /* 0: off; n: the n-th allocation from now fails */

static inline int memory_is_out(void)
{
	return memory_countdown && --memory_countdown == 0;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return memory_is_out() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return memory_is_out() ? NULL : __real_calloc(n, size);
}

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	return memory_is_out() ? NULL : __real_realloc(p, size);
}

char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__wrap_strdup(const char *s)
{
	return memory_is_out() ? NULL : __real_strdup(s);
}

char *__real_strndup(const char *s, size_t n);
char *__wrap_strndup(const char *s, size_t n);
char *__wrap_strndup(const char *s, size_t n)
{
	return memory_is_out() ? NULL : __real_strndup(s, n);
}

int __wrap_asprintf(char **ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (memory_is_out())
		return -1;
	va_start(ap, fmt);
	n = vasprintf(ret, fmt, ap);
	va_end(ap);
	return n;
}

/*
 * Calls `work` with its first, second, … allocation failing, which must give -ENOMEM each time,
 * until it makes fewer than that and returns 0. Returns how many it makes.
 */
static inline unsigned int memory_sweep(int (*work)(void *data), void *data)
{
	for (unsigned int n = 1;; n++) {
		int r;

		memory_countdown = n;
		r = work(data);
		if (memory_countdown) {
			memory_countdown = 0;
			assert_int_equal(r, 0);
			return n - 1;
		}
		assert_int_equal(r, -ENOMEM);
	}
}

/* The same for what may do without: each time 0 or -ENOMEM. */
static inline unsigned int memory_sweep_bearing(int (*work)(void *data), void *data)
{
	for (unsigned int n = 1;; n++) {
		int r;

		memory_countdown = n;
		r = work(data);
		if (memory_countdown) {
			memory_countdown = 0;
			assert_int_equal(r, 0);
			return n - 1;
		}
		assert_true(r == 0 || r == -ENOMEM);
	}
}
