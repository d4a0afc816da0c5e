/* SPDX-License-Identifier: MIT */
/* ending: how an init has asked for the machine's end. */
#include <signal.h>
#include <sys/reboot.h>
#include <sys/wait.h>

#include "base/macro.h"
#include "cradle/ending.h"

const struct ending *ending_of(int status)
{
	static const struct {
		int signal;
		struct ending ending;
	} rows[] = {
		{ SIGHUP, { "reboot",   RB_AUTOBOOT  } },
		{ SIGINT, { "poweroff", RB_POWER_OFF } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (WIFSIGNALED(status) && WTERMSIG(status) == rows[i].signal)
			return &rows[i].ending;
	return NULL;
}
