/* SPDX-License-Identifier: MIT */
/*
 * prompt: asking for a passphrase on every console at once, and whoever speaks systemd's password-agent protocol.
 *
 * https://systemd.io/PASSWORD_AGENTS/: plymouth and remote agents watch /run/systemd/ask-password for questions.
 */
#pragma once

#include "init/secret.h"

/*
 * Runs in a worker: waits until somebody has answered, for as long as it takes. `id` tells agents what it is for.
 * 0, -ECANCELED when the answer was "no", -ENODEV when there is nobody to ask.
 */
int prompt(const char *message, const char *id, struct secret *ret);

/* The same on these terminals, by their paths (strv), with the question to agents in `directory`. */
int prompt_on(char *const *terminals, const char *directory, const char *message, const char *id, struct secret *ret);
