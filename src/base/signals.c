/* SPDX-License-Identifier: MIT */
/* signals: default dispositions, nothing blocked. */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/signals.h"

/*
 * By the system call: the C library keeps 32 and 33 for itself and refuses them, and its posix_spawn(3)
 * leaves 32 ignored in what it starts.
 */
static void set_default(int sig)
{
	static const unsigned long long zeros[8]; /* struct sigaction of the kernel: SIG_DFL, no flags */

	(void)syscall(SYS_rt_sigaction, sig, zeros, NULL, NSIG / 8);
}

void signals_reset(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		set_default(i);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}
