/* SPDX-License-Identifier: MIT */
/*
 * secret: passphrases that were typed, in the one place where they are kept.
 *
 * A page of locked memory that is shared with the workers: the one that asks writes into it, the one that opens
 * a container reads from it, and no copy lies in a pipe's or a heap's leftovers. Wiped before the switch.
 */
#pragma once

#include <stddef.h>

#include "base/macro.h"

#define SECRET_SIZE 512 /* what cryptsetup takes from a terminal at most */
#define SECRETS_MAX 15

struct secret {
	size_t size;
	char bytes[SECRET_SIZE];
};

struct secrets;

/* Makes the memory where there is none yet. 0 or -errno. */
int secrets_open(struct secrets **s);

/* The `i`th, for the worker to fill in or to read; the oldest gives way. NULL: there is no memory yet. */
struct secret *secrets_at(struct secrets *s, unsigned int i);

/* Wipes and gives back the memory; NULL is fine. */
void secrets_close(struct secrets **s);
