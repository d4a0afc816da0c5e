/* SPDX-License-Identifier: MIT */
/* progress: how far long work is, in one line of a terminal that is written again and again. */
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/log.h"
#include "image/progress.h"

#define PERIOD (100 * USEC_PER_MSEC)

static bool is_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && !streq(term, "dumb");
}

/* Of a line that is longer than the terminal is wide the rest would stay. */
static size_t width(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : 79;
}

void progress_open(struct progress *ret, const char *what)
{
	*ret = (struct progress){
		.shown = log_get_level() == LOG_INFO && is_terminal(STDERR_FILENO),
		.what = what,
		.next = clock_monotonic() + PERIOD,
	};
}

void progress_close(struct progress *p)
{
	if (p->shown)
		log_status(NULL);
}

static void show(struct progress *p, const char *step)
{
	uint64_t now = clock_monotonic();
	char text[256];
	int n;

	if (now < p->next)
		return;
	p->next = now + PERIOD;
	n = snprintf(text, sizeof(text), "%s: %s", p->what, step);
	if (p->size > 0 && n < (int)sizeof(text))
		(void)snprintf(text + n, sizeof(text) - (size_t)n, " %.1f of %.1f MB",
			       (double)MIN(p->done, p->size) / 1e6, (double)p->size / 1e6);
	text[MIN(width(), sizeof(text) - 1)] = '\0';
	log_status(text);
}

void progress_step(struct progress *p, const char *step, uint64_t size)
{
	if (!p)
		return;
	p->done = 0;
	p->size = size;
	if (p->shown)
		show(p, step);
}

void progress_bytes(struct progress *p, const char *step, uint64_t n)
{
	if (!p)
		return;
	p->done += n;
	if (p->shown)
		show(p, step);
}
