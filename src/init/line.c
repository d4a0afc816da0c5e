/* SPDX-License-Identifier: MIT */
/* line: what is being typed on one terminal: editing it, and what is shown of it. */
#include <errno.h>

#include "base/file.h"
#include "init/line.h"

enum { CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, TAB = 9, CTRL_U = 21, DELETE = 127 };

static void say(int fd, const char *bytes, size_t n)
{
	(void)file_write_fd(fd, bytes, n);
}

/* Of a UTF-8 character's bytes, is it one behind the first? They are 10xxxxxx. */
static bool is_later(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* What would move the cursor, or do worse, is a star in any case. */
static bool is_shown_as_it_is(const struct line *l, char byte)
{
	return l->echo == ECHO_TEXT && (unsigned char)byte >= ' ' && byte != DELETE;
}

static void show_byte(const struct line *l, int fd, char byte)
{
	if (l->echo == ECHO_NOTHING)
		return;
	if (is_shown_as_it_is(l, byte))
		say(fd, &byte, 1);
	else if (!is_later(byte))
		say(fd, "*", 1);
}

/* False: there was none. */
static bool erase_character(struct line *l, int fd)
{
	struct secret *s = &l->typed;

	if (s->size == 0)
		return false;
	while (is_later(s->bytes[--s->size]) && s->size > 0)
		;
	if (l->echo != ECHO_NOTHING)
		say(fd, "\b \b", 3);
	return true;
}

/* How it is with systemd's question: first what is seen is taken back, then nothing is shown any more. */
static void hide(struct line *l, int fd)
{
	struct line seen = *l;

	while (erase_character(&seen, fd))
		;
	explicit_bzero(&seen, sizeof(seen));
	l->echo = ECHO_NOTHING;
}

static void append(struct line *l, int fd, char byte)
{
	struct secret *s = &l->typed;

	if (s->size == sizeof(s->bytes)) {
		say(fd, "\a", 1);
		return;
	}
	s->bytes[s->size++] = byte;
	show_byte(l, fd, byte);
}

int line_take(struct line *l, int fd, char byte)
{
	if (byte == '\n' || byte == '\r')
		return 1;
	if (byte == CTRL_C || (byte == CTRL_D && l->typed.size == 0))
		return -ECANCELED;
	if (byte == CTRL_U)
		while (erase_character(l, fd))
			;
	else if (byte == BACKSPACE || byte == DELETE)
		(void)erase_character(l, fd);
	else if (byte == TAB && l->echo != ECHO_NOTHING)
		hide(l, fd);
	else
		append(l, fd, byte);
	return 0;
}

void line_show(const struct line *l, int fd)
{
	for (size_t i = 0; i < l->typed.size; i++)
		show_byte(l, fd, l->typed.bytes[i]);
}
