/* SPDX-License-Identifier: MIT */
/* tool: the storage projects' own programs (cryptsetup, mdadm, lvm), run in a worker. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct tool {
	const char *const *argv;
	const char *variable; /* one more for its environment, "KEY=VALUE"; NULL: none */
	const void *input;    /* to its standard input, at most 64 KiB; NULL: /dev/null */
	size_t input_size;
	uint64_t patience; /* µs, then it is killed: -ETIMEDOUT; 0: as long as the worker may take */
};

/*
 * Runs it to its end and writes what it said (both streams) to `fd`. What it leaves running in the background does
 * not hold us up. Its exit code, or -errno: -ENOENT where there is no such program, -EINTR where a signal ended it.
 */
int tool_run(const struct tool *tool, int fd);

/*
 * Loads a module that no device asks for by its modalias, by modprobe, which the kernel itself calls too. As
 * tool_run(); a kernel that has it built in is fine.
 */
int tool_load(const char *module, int fd);

/* The last line of what a tool said that is not empty, without its "name: "; "" where it said nothing. In place. */
const char *tool_last_line(char *said);
