/* SPDX-License-Identifier: MIT */
/* script: what runs a "#!" file. */
#pragma once

#include "base/macro.h"

/*
 * The first line of `data` taken apart as execve(2) does: `*ret_interpreter` is its path, and
 * where that is an env(1), `*ret_name` the program that env will look for. What there is not
 * stays untouched. The caller frees them. 0 or -ENOMEM.
 */
int script_interpreter(const void *data, size_t size, char **ret_interpreter, char **ret_name);
