/* SPDX-License-Identifier: MIT */
/*
 * modserver: the worker that loads modules. It serves what it is sent until nothing more can come, so that one process
 * is enough for a boot.
 */
#pragma once

#include "base/macro.h"

#define MODSERVER_BYTES 16384 /* of one message: aliases and names, a newline after each */

struct modserver {
	int socket;  /* SOCK_SEQPACKET, the worker's end */
	bool nearby; /* serve from the first archive */
	bool all;    /* and what that has no module for by libkmod */
	bool hurry;  /* the boot waits for what it is sent */
};

/* A worker_fn, data: a struct modserver; the record is answer.h's lines. */
int modserver_run(int fd, void *data);
