/* SPDX-License-Identifier: MIT */
/* buffer: bytes in memory that grow. */
#include <errno.h>
#include <stdint.h>

#include "base/buffer.h"

#define ROOM_MIN 4096

int buffer_reserve(struct buffer *b, size_t size)
{
	size_t room = MAX(b->room, (size_t)ROOM_MIN);
	char *grown;

	if (b->data && b->room - b->size >= size)
		return 0;
	if (size > SIZE_MAX / 4 - b->size)
		return -ENOMEM;
	while (room - b->size < size)
		room *= 2;
	grown = realloc(b->data, room);
	if (!grown)
		return -ENOMEM;
	b->data = grown;
	b->room = room;
	return 0;
}

int buffer_append(struct buffer *b, const void *data, size_t size)
{
	int r = buffer_reserve(b, size);

	if (r < 0)
		return r;
	if (size > 0)
		memcpy(b->data + b->size, data, size);
	b->size += size;
	return 0;
}

void buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){ 0 };
}
