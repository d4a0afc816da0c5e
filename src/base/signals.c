/* SPDX-License-Identifier: MIT */
/* signals: default dispositions, nothing blocked. */
#include <signal.h>
#include <stddef.h>

#include "base/signals.h"

void signals_reset(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		if (i != SIGKILL && i != SIGSTOP)
			(void)signal(i, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}
