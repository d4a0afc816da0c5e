/* SPDX-License-Identifier: MIT */
/* executable: would execve(2) take this file, inside that root? Asked before it is too late to say no. */
#pragma once

#include <stddef.h>

/*
 * Regular, x bit, ELF of a machine that we run on with its interpreter there, or "#!" with the interpreter
 * there. 0, or -errno with the reason as text in `why`.
 */
int executable_check(int rootfd, const char *path, char *why, size_t size);
