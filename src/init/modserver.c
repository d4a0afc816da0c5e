/* SPDX-License-Identifier: MIT */
/* modserver: the worker that loads modules. */
#include "init/modserver.h"

#include <errno.h>
#include <sys/socket.h>

#include "init/answer.h"
#include "init/insert.h"
#include "init/kmod.h"
#include "init/priority.h"

struct sources {
	const struct modserver *server;
	struct insert near;
	struct kmod *kmod; /* NULL: not opened */
};

static void close_sources(struct sources *s)
{
	insert_close(&s->near);
	kmod_close(s->kmod);
}

static void serve(struct sources *s, const char *alias, int fd)
{
	bool served = s->server->nearby && insert_serve(&s->near, alias, fd);

	/* Without the library nothing more can be there. */
	if (!served && s->server->all && (s->kmod || kmod_open(&s->kmod) == 0))
		kmod_serve(s->kmod, alias, fd);
	else if (!served)
		answer_unserved(fd, alias);
	answer_end(fd);
}

int modserver_run(int fd, void *data)
{
	_cleanup_(close_sources) struct sources s = { .server = data, .near = INSERT_NONE };
	char message[MODSERVER_BYTES + 1];
	int r;

	if (s.server->hurry)
		priority_raise();
	r = s.server->nearby ? insert_open(&s.near) : 0;
	while (r == 0) {
		ssize_t n = recv(s.server->socket, message, sizeof(message) - 1, 0);
		char *p = message, *line;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		message[n] = '\0';
		while ((line = strsep(&p, "\n")))
			if (*line)
				serve(&s, line, fd);
	}
	return r;
}
