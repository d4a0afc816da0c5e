/* SPDX-License-Identifier: MIT */
/* content: the bytes of a file of the tree, mapped while they are looked at. */
#pragma once

#include "image/tree.h"

struct content {
	const void *data;
	size_t size;
	bool mapped;
};

/* What an open file holds; the descriptor is not needed afterwards. */
int content_open_fd(int fd, struct content *ret);

/* -ESTALE where the file's size is no longer what it was when it was added to the tree. */
int content_open(const struct tree_node *n, struct content *ret);
void content_close(struct content *c);

#define _cleanup_content_ _cleanup_(content_close)
