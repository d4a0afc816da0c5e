/* SPDX-License-Identifier: MIT */
/* prompt: asking for a passphrase. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/agent.h"
#include "init/prompt.h"
#include "init/screen.h"

#define CONSOLES_MAX 8

struct console {
	int fd;
	struct termios before;
	struct line line; /* so far */
};

struct prompter {
	const struct question *question;
	struct console consoles[CONSOLES_MAX];
	size_t n;
	struct agent agent;
	struct screen screen;
	int signal_fd;
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
	c->line.echo = p->question->echo;
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

/* From here on SIGTERM is an event, not the end: a terminal must not stay without echo. */
static int open_signals(struct prompter *p)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	p->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return p->signal_fd < 0 ? -errno : 0;
}

static void close_prompter(struct prompter *p)
{
	for (size_t i = 0; i < p->n; i++) {
		say(&p->consoles[i], "\n");
		(void)tcsetattr(p->consoles[i].fd, TCSAFLUSH, &p->consoles[i].before);
		close_fd(&p->consoles[i].fd);
	}
	agent_close(&p->agent);
	screen_close(&p->screen);
	close_fd(&p->signal_fd);
	explicit_bzero(p, sizeof(*p));
}

static int take_typed(struct console *c, struct secret *ret)
{
	char byte;
	int r = 0;

	while (r == 0 && read(c->fd, &byte, 1) == 1)
		r = line_take(&c->line, c->fd, byte);
	explicit_bzero(&byte, sizeof(byte));
	if (r == 1)
		*ret = c->line.typed;
	return r;
}

/* `before`: what comes first on the line. */
static void show(const struct prompter *p, const char *before)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct console *c = &p->consoles[i];

		say(c, before);
		say(c, p->question->message);
		say(c, ": ");
		line_show(&c->line, c->fd);
	}
}

static int take_consoles(struct prompter *p, const struct pollfd *fds, struct secret *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n; i++) {
		/* A line that hangs up would be readable for ever; poll(2) passes over it from now on. */
		if (fds[i].revents & (POLLHUP | POLLERR | POLLNVAL))
			(void)close(TAKE_FD(p->consoles[i].fd));
		else if (fds[i].revents)
			r = take_typed(&p->consoles[i], ret);
	}
	return r;
}

/* Waits once and takes in what came: 1 an answer, 0 none yet. */
static int wait_for_answer(struct prompter *p, struct secret *ret)
{
	struct pollfd fds[CONSOLES_MAX + 3];
	uint64_t wake_at = MIN(p->question->deadline, p->screen.quiet_at);
	int r;

	for (size_t i = 0; i < p->n; i++)
		fds[i] = (struct pollfd){ .fd = p->consoles[i].fd, .events = POLLIN };
	fds[p->n] = (struct pollfd){ .fd = p->agent.fd, .events = POLLIN };
	fds[p->n + 1] = (struct pollfd){ .fd = p->signal_fd, .events = POLLIN };
	fds[p->n + 2] = (struct pollfd){ .fd = p->screen.fd, .events = POLLIN };
	r = poll(fds, p->n + 3, clock_poll_ms(wake_at, clock_monotonic()));
	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	if (r > 0 && fds[p->n + 1].revents)
		return -EINTR;
	if (r > 0 && (r = take_consoles(p, fds, ret)) != 0)
		return r;
	if (fds[p->n].revents && (r = agent_answer(&p->agent, ret)) != 0)
		return r;
	if (screen_is_disturbed(&p->screen, fds[p->n + 2].revents))
		show(p, "\r");
	return clock_monotonic() >= p->question->deadline ? -ETIMEDOUT : 0;
}

int prompt_on(const struct question *q, const struct places *places, struct secret *ret)
{
	_cleanup_(close_prompter) struct prompter p = {
		.question = q, .agent = AGENT_NONE, .screen = SCREEN_NONE, .signal_fd = -1,
	};
	int r = open_signals(&p);

	if (r < 0)
		return r;
	STRV_FOREACH(path, places->terminals)
		open_console(&p, *path);
	r = agent_ask(places->directory, q, &p.agent);
	if (r < 0)
		log_warning("cannot ask password agents: %s, ignoring", strerror(-r));
	if (r < 0 && p.n == 0)
		return -ENODEV;
	show(&p, "\n");
	screen_open(&p.screen, places->kmsg);
	do
		r = wait_for_answer(&p, ret);
	while (r == 0);
	return MIN(r, 0);
}

int prompt(const struct question *q, struct secret *ret)
{
	_cleanup_strv_ char **consoles = NULL;
	int r = list_consoles(&consoles);
	const struct places places = { .terminals = consoles, .directory = AGENT_DIRECTORY, .kmsg = "/dev/kmsg" };

	return r < 0 ? r : prompt_on(q, &places, ret);
}
