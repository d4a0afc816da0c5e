/* SPDX-License-Identifier: MIT */
/* rescue: the shell, for those who asked for it. */
#pragma once

#include "base/macro.h"
#include "init/boot.h"

/*
 * The one place that decides whether a shell may be given: only to who wrote rd.shell=1 or rd.break= on the
 * command line, never with rd.shell=0, never after a refused passphrase. Pure.
 */
bool rescue_allowed(const struct boot *boot, bool secret_refused);

/* Is there a shell in this image? */
bool rescue_has_shell(void);

/* Gives the shell on the console and waits until it ends. `why` is the line above its prompt. 0 or -errno. */
int rescue_shell(const char *why);

/*
 * From now on a crash (SIGSEGV, SIGBUS, SIGABRT …) writes one fixed line to kmsg, then becomes the shell where
 * that is allowed, else exits so that the kernel panics. May be called again.
 */
void rescue_catch_crashes(bool shell_allowed);
