/* SPDX-License-Identifier: MIT */
/*
 * chroot: chdir(2) and chroot(2) as a trace. A test that includes this has in its first comment the line
 * " * wrap: chdir chroot"
 */
#pragma once

#include "unit/trace.h"

int __wrap_chdir(const char *path);
int __wrap_chdir(const char *path)
{
	return trace_call("chdir %s", path);
}

int __wrap_chroot(const char *path);
int __wrap_chroot(const char *path)
{
	return trace_call("chroot %s", path);
}
