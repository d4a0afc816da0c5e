/* SPDX-License-Identifier: MIT */
/* agent: a question in /run/systemd/ask-password, and the socket for its answer. */
#pragma once

#include "init/secret.h"

struct agent {
	int fd;         /* for poll(2); -1: none */
	char file[64];  /* the question's, "" where there is none */
	char socket[64];
};

#define AGENT_NONE { .fd = -1 }

/* Puts the question. 0 or -errno. */
int agent_ask(const char *message, const char *id, struct agent *ret);

/* Reads the answer when `fd` is readable: 1 with `*ret`; 0: it was nothing; -ECANCELED: the answer is "no". */
int agent_answer(const struct agent *a, struct secret *ret);

/* Takes the question back. */
void agent_close(struct agent *a);
