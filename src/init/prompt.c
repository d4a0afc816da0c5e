/* SPDX-License-Identifier: MIT */
/* prompt: asking for a passphrase. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>

#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/agent.h"
#include "init/prompt.h"

#define CONSOLES_MAX 8

struct console {
	int fd;
	struct termios before;
	struct secret typed; /* the line so far */
};

struct prompter {
	struct console consoles[CONSOLES_MAX];
	size_t n;
	struct agent agent;
};

static void say(const struct console *c, const char *text)
{
	(void)file_write_fd(c->fd, text, strlen(text));
}

/* Byte by byte and unseen: so a line that is begun on one console disturbs no other. */
static void open_console(struct prompter *p, const char *path)
{
	struct console *c = &p->consoles[p->n];
	struct termios quiet;

	if (p->n == CONSOLES_MAX)
		return;
	c->fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (c->fd < 0)
		return;
	if (tcgetattr(c->fd, &c->before) < 0) {
		close_fd(&c->fd);
		return;
	}
	quiet = c->before;
	quiet.c_lflag &= (tcflag_t)~(ECHO | ICANON | ISIG);
	quiet.c_iflag |= ICRNL;
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	(void)tcsetattr(c->fd, TCSAFLUSH, &quiet);
	p->n++;
}

/* The kernel's consoles, "tty0 ttyS0"; the last is /dev/console. tty0 is the virtual one that is seen. */
static int list_consoles(char ***ret)
{
	_cleanup_free_ char *active = NULL;
	_cleanup_strv_ char **names = NULL;
	int r = 0;

	if (file_read_line(AT_FDCWD, "/sys/class/tty/console/active", &active) == 0)
		r = strv_split(&names, active, " ");
	STRV_FOREACH(name, names) {
		_cleanup_free_ char *path = NULL;

		if (r == 0)
			r = asprintf(&path, "/dev/%s", *name) < 0 ? -ENOMEM : strv_push(ret, path);
	}
	return r == 0 && !*ret ? strv_push(ret, "/dev/console") : r;
}

static void close_prompter(struct prompter *p)
{
	for (size_t i = 0; i < p->n; i++) {
		say(&p->consoles[i], "\n");
		(void)tcsetattr(p->consoles[i].fd, TCSAFLUSH, &p->consoles[i].before);
		close_fd(&p->consoles[i].fd);
	}
	agent_close(&p->agent);
	explicit_bzero(p, sizeof(*p));
}

static void erase_character(struct secret *s)
{
	/* A UTF-8 character goes as a whole: its later bytes are 10xxxxxx. */
	while (s->size > 0 && ((unsigned char)s->bytes[--s->size] & 0xc0) == 0x80)
		;
}

/* 1: the line is whole; -ECANCELED: ^C or ^D on an empty line. */
static int take_byte(struct secret *s, char byte)
{
	enum { CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, DELETE = 127 };

	if (byte == '\n' || byte == '\r')
		return 1;
	if (byte == CTRL_C || (byte == CTRL_D && s->size == 0))
		return -ECANCELED;
	if (byte == CTRL_U)
		s->size = 0;
	else if (byte == BACKSPACE || byte == DELETE)
		erase_character(s);
	else if (s->size < sizeof(s->bytes))
		s->bytes[s->size++] = byte;
	return 0;
}

static int take_typed(struct console *c, struct secret *ret)
{
	char byte;
	int r = 0;

	while (r == 0 && read(c->fd, &byte, 1) == 1)
		r = take_byte(&c->typed, byte);
	explicit_bzero(&byte, sizeof(byte));
	if (r == 1)
		*ret = c->typed;
	return r;
}

/* Waits once and takes in what came: 1 an answer, 0 none yet. */
static int wait_for_answer(struct prompter *p, struct secret *ret)
{
	struct pollfd fds[CONSOLES_MAX + 1];
	int r = 0;

	for (size_t i = 0; i < p->n; i++)
		fds[i] = (struct pollfd){ .fd = p->consoles[i].fd, .events = POLLIN };
	fds[p->n] = (struct pollfd){ .fd = p->agent.fd, .events = POLLIN };
	if (poll(fds, p->n + 1, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	for (size_t i = 0; r == 0 && i < p->n; i++) {
		/* A line that hangs up would be readable for ever; poll(2) passes over it from now on. */
		if (fds[i].revents & (POLLHUP | POLLERR | POLLNVAL))
			(void)close(TAKE_FD(p->consoles[i].fd));
		else if (fds[i].revents)
			r = take_typed(&p->consoles[i], ret);
	}
	if (r == 0 && fds[p->n].revents)
		r = agent_answer(&p->agent, ret);
	return r;
}

int prompt_on(char *const *terminals, const char *directory, const char *message, const char *id, struct secret *ret)
{
	_cleanup_(close_prompter) struct prompter p = { .agent = AGENT_NONE };
	int r;

	STRV_FOREACH(path, terminals)
		open_console(&p, *path);
	r = agent_ask(directory, message, id, &p.agent);
	if (r < 0)
		log_warning("cannot ask password agents: %s, ignoring", strerror(-r));
	if (r < 0 && p.n == 0)
		return -ENODEV;
	for (size_t i = 0; i < p.n; i++) {
		say(&p.consoles[i], "\n");
		say(&p.consoles[i], message);
		say(&p.consoles[i], ": ");
	}
	do
		r = wait_for_answer(&p, ret);
	while (r == 0);
	return MIN(r, 0);
}

int prompt(const char *message, const char *id, struct secret *ret)
{
	_cleanup_strv_ char **consoles = NULL;
	int r = list_consoles(&consoles);

	return r < 0 ? r : prompt_on(consoles, AGENT_DIRECTORY, message, id, ret);
}
