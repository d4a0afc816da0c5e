/* SPDX-License-Identifier: MIT */
/* batch: what one worker that loads modules was given, and how far it has come. */
#pragma once

#include "init/modserver.h"

struct batch {
	char **aliases; /* strv */
	size_t n;
	size_t sent;    /* how many of them have gone into the socket */
	size_t next;    /* the request being served */
	int socket;
	bool stalled;   /* it was given up on; what comes still counts */
	struct modserver server;
};

/* Moves all of a strv to its end. 0 or -ENOMEM, after which `*list` is as it was. */
int batch_take(struct batch *b, char ***list);

/* Sends what the socket takes; the rest goes when the worker has answered something. 0 or -errno. */
int batch_send(struct batch *b);

/* Nothing more is sent: when all that it has is served the worker ends. How many are dropped for that. */
size_t batch_close(struct batch *b);

/* Is anything left to be served? */
bool batch_busy(const struct batch *b);

/* Is this left to be served, the one that it is at among them? */
bool batch_has(const struct batch *b, const char *alias);
