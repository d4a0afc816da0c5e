/* SPDX-License-Identifier: MIT */
/*
 * libjansson: what is used of it. Only who reads a recorded boot needs it, so the program does not stand on it: it is
 * opened then. Its macros call functions by name; use these instead.
 */
#pragma once

#include <jansson.h>

#include "base/macro.h"

struct libjansson {
	void *handle;
	json_t *(*loadb)(const char *data, size_t size, size_t flags, json_error_t *error);
	void (*delete)(json_t *json);
	json_t *(*object_get)(const json_t *object, const char *key);
	size_t (*array_size)(const json_t *array);
	json_t *(*array_get)(const json_t *array, size_t index);
	const char *(*string_value)(const json_t *string);
	json_int_t (*integer_value)(const json_t *integer);
	double (*number_value)(const json_t *number);
};

#define LIBJANSSON "libjansson.so.4"

/* -ENOPKG: it is not installed, or not as it should be. The caller closes it. */
int libjansson_open(struct libjansson *ret);
void libjansson_close(struct libjansson *j);

#define _cleanup_libjansson_ _cleanup_(libjansson_close)
