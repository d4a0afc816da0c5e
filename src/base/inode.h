/* SPDX-License-Identifier: MIT */
/* inode: one file of any kind, as an archive's entry says. */
#pragma once

#include "base/newc.h"

struct inodes {
	bool owners;      /* give files to whom the archive says */
	size_t left_out;  /* devices that need privilege */
	size_t not_given; /* files whose owner does not exist here */
};

/*
 * Makes `name` in the directory `dir`. What is there of another kind is replaced, and what is there of the same too,
 * but directories, which stay. Of a new directory nobody else sees the inside until inode_finish_directory(). -EINVAL
 * for a kind that does not exist; else what the system says.
 */
int inode_make(struct inodes *i, int dir, const char *name, const struct newc_entry *e);

/* Removes what is there, for something of that mode. 1: it is a directory, and may stay one. */
int inode_clear(int dir, const char *name, mode_t mode);

/* A directory's mode, owner and time: when all is in it that shall be. */
int inode_finish_directory(struct inodes *i, int fd, const struct newc_entry *e);
