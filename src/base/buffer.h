/* SPDX-License-Identifier: MIT */
/* buffer: bytes in memory that grow. */
#pragma once

#include "base/macro.h"

struct buffer {
	char *data; /* NULL while nothing was ever added */
	size_t size, room;
};

/* Room for `size` bytes behind what is there: the caller may write to data + size. 0 or -ENOMEM. */
int buffer_reserve(struct buffer *b, size_t size);

/* 0 or -ENOMEM, which leaves it as it was. */
int buffer_append(struct buffer *b, const void *data, size_t size);
void buffer_free(struct buffer *b);

#define _cleanup_buffer_ _cleanup_(buffer_free)
