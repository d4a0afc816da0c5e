/* SPDX-License-Identifier: MIT */
/* batch: what one worker that loads modules was given, and how far it has come. */
#include "init/batch.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/strv.h"

int batch_take(struct batch *b, char ***list)
{
	int r = 0;

	STRV_FOREACH(alias, *list)
		if (r == 0)
			r = strv_push(&b->aliases, *alias);
	if (r < 0)
		return r;
	b->n = strv_length(b->aliases);
	strv_free(TAKE_PTR(*list));
	return 0;
}

/* As many as go into one message. */
static int make_message(const struct batch *b, struct buffer *ret, size_t *ret_sent)
{
	size_t i = b->sent;

	for (; i < b->n; i++) {
		size_t size = strlen(b->aliases[i]);

		if (ret->size > 0 && ret->size + size + 1 > MODSERVER_BYTES)
			break;
		if (buffer_append(ret, b->aliases[i], size) < 0 || buffer_append(ret, "\n", 1) < 0)
			return -ENOMEM;
	}
	*ret_sent = i;
	return 0;
}

int batch_send(struct batch *b)
{
	while (b->sent < b->n) {
		_cleanup_buffer_ struct buffer message = { 0 };
		size_t sent;
		int r = make_message(b, &message, &sent);

		if (r < 0)
			return r;
		if (send(b->socket, message.data, message.size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			/* That it has died its job's `done` is told. */
			return errno == EAGAIN || errno == EPIPE || errno == ECONNRESET ? 0 : -errno;
		b->sent = sent;
	}
	return 0;
}

size_t batch_close(struct batch *b)
{
	size_t dropped = b->n - b->sent;

	close_fd(&b->socket);
	b->socket = -EBADF;
	b->n = b->sent;
	return dropped;
}

bool batch_busy(const struct batch *b)
{
	return b->next < b->n;
}

bool batch_has(const struct batch *b, const char *alias)
{
	for (size_t i = b->next; i < b->n; i++)
		if (streq(b->aliases[i], alias))
			return true;
	return false;
}
