/* SPDX-License-Identifier: MIT */
/* executable: would execve(2) take this file, inside that root? Asked before it is too late to say no. */
#pragma once

#include <stddef.h>

/*
 * Regular, x bit, whole, ELF of a machine that we run on, or "#!"; and all this of its interpreter, and of that
 * one's. 0, or -errno with the reason as text in `why`.
 */
int executable_check(int rootfd, const char *path, char *why, size_t size);
