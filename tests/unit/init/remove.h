/* SPDX-License-Identifier: MIT */
/*
 * remove: unlink(2) and rmdir(2) as a trace. A test that includes this has in its first comment the line
 * " * wrap: unlink rmdir"
 */
#pragma once

#include "unit/trace.h"

int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
	return trace_call("unlink %s", path);
}

int __wrap_rmdir(const char *path);
int __wrap_rmdir(const char *path)
{
	return trace_call("rmdir %s", path);
}
