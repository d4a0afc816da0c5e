/* SPDX-License-Identifier: MIT */
/* tool: a program of the host that does a part of the work. */
#pragma once

#include "base/macro.h"

/*
 * Runs argv[0], of the usual directories, and waits for it. What it says on standard error is logged as warnings, or,
 * with what else it says, as errors if it fails. `doing` stands in messages: "cannot index the modules: …". 0; -ENOENT:
 * there is no such program, and nothing was logged; else -errno after the error was logged.
 */
int tool_run(const char *const argv[], const char *doing);
