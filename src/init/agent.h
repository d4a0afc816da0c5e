/* SPDX-License-Identifier: MIT */
/* agent: a question in /run/systemd/ask-password, and the socket for its answer. */
#pragma once

#include "init/secret.h"

struct question;

struct agent {
	int fd;         /* for poll(2); -1: none */
	char file[100]; /* the question's, "" where there is none */
	char socket[100];
};

#define AGENT_NONE { .fd = -1 }

/* Where agents look. */
#define AGENT_DIRECTORY "/run/systemd/ask-password"

/* Puts the question into `directory`, which is made where it is missing. 0 or -errno. */
int agent_ask(const char *directory, const struct question *q, struct agent *ret);

/* Reads the answer when `fd` is readable: 1 with `*ret`; 0: it was nothing; -ECANCELED: the answer is "no". */
int agent_answer(const struct agent *a, struct secret *ret);

/* Takes the question back. */
void agent_close(struct agent *a);
