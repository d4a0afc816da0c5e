/* SPDX-License-Identifier: MIT */
/* insert: the modules of the first archive, put into the kernel without libkmod. In a worker. */
#pragma once

#include "init/modconf.h"
#include "init/nearby.h"

struct insert {
	int dir;             /* /usr/lib/modules/KVER; -1: there is none */
	struct nearby nearby;
	struct modconf conf;
};

#define INSERT_NONE { .dir = -EBADF }

/* Reads what there is. 0, also when there is nothing, or -errno. */
int insert_open(struct insert *i);
void insert_close(struct insert *i);

/*
 * Loads the modules that an alias or a name stands for, each after what it needs, and answers for each on `fd`. False:
 * there are none.
 */
bool insert_serve(const struct insert *i, const char *alias, int fd);
