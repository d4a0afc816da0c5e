/* SPDX-License-Identifier: MIT */
/*
 * prompt: asking for a passphrase on every console at once, and whoever speaks systemd's password-agent protocol.
 *
 * https://systemd.io/PASSWORD_AGENTS/: plymouth and remote agents watch /run/systemd/ask-password for questions.
 */
#pragma once

#include <stdint.h>

#include "init/line.h"

struct question {
	const char *message;
	const char *id;    /* tells agents what it is for */
	enum echo echo;
	uint64_t deadline; /* CLOCK_MONOTONIC µs; USEC_FOREVER: none */
};

/* Where it is asked; what is not there is done without. */
struct places {
	char *const *terminals; /* strv: their paths */
	const char *directory;  /* where agents look */
	const char *kmsg;       /* the kernel's messages, which may push the question off the screen */
};

/*
 * Runs in a worker: waits until somebody has answered. SIGTERM takes the question back: the terminals are as they
 * were then, and the agents' file is gone. 0; -ECANCELED when the answer was "no", -ETIMEDOUT at the deadline, -EINTR
 * when it was taken back, -ENODEV when there is nobody to ask.
 */
int prompt(const struct question *q, struct secret *ret);

/* The same there, not on the kernel's consoles. */
int prompt_on(const struct question *q, const struct places *places, struct secret *ret);
