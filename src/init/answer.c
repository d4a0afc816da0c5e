/* SPDX-License-Identifier: MIT */
/* answer: what a worker that loads modules says. */
#include "init/answer.h"

#include "base/clock.h"
#include "base/file.h"

static void say(int fd, enum answer kind, const char *text)
{
	_cleanup_free_ char *line = NULL;

	if (asprintf(&line, "%c%s\n", kind, text) > 0)
		(void)file_write_fd(fd, line, strlen(line));
}

void answer_inserted(int fd, const char *name, uint64_t begin, int r)
{
	_cleanup_free_ char *text = NULL;

	if (r < 0)
		answer_failed(fd, name, r);
	else if (asprintf(&text, "%s %llu %llu", name, (unsigned long long)begin,
			  (unsigned long long)clock_monotonic()) > 0)
		say(fd, ANSWER_LOADED, text);
}

void answer_failed(int fd, const char *alias, int r)
{
	_cleanup_free_ char *text = NULL;

	if (asprintf(&text, "%s: %s", alias, strerror(-r)) > 0)
		say(fd, ANSWER_FAILED, text);
}

void answer_unserved(int fd, const char *alias)
{
	say(fd, ANSWER_UNSERVED, alias);
}

void answer_end(int fd)
{
	say(fd, ANSWER_END, "");
}
