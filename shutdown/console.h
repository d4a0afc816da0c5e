/* SPDX-License-Identifier: MIT */
/* console: every console of the machine, for the line that must be seen. */
#pragma once

#include "base/macro.h"

/*
 * Writes the text to /dev/console and to each further device of /sys/class/tty/console/active below `root`, and
 * to /dev/pmsg0 where there is one (pstore shows it after the next boot). Never waits longer than a second for
 * one of them: a serial line may be stopped by flow control. Returns how many consoles took it.
 */
int console_write(int root, const char *text);

/*
 * The paths below root ("dev/ttyS0"), a strv that the caller frees, from the text of that file. The last one
 * it names is where /dev/console leads, so it is not given twice. 0 or -ENOMEM.
 */
int console_paths(const char *active, char ***ret);
