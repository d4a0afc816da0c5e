/* SPDX-License-Identifier: MIT */
/* screen: did the kernel's messages push what stands on the console away? */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "base/clock.h"
#include "base/file.h"
#include "init/screen.h"

#define QUIET       (USEC_PER_SEC / 2)
#define RECORD_SIZE 8192 /* CONSOLE_EXT_LOG_MAX: a smaller buffer is -EINVAL. kernel/printk/printk.c */
#define LEVEL_USUAL 7    /* CONSOLE_LOGLEVEL_DEFAULT */

void screen_open(struct screen *s, const char *kmsg)
{
	_cleanup_free_ char *levels = NULL;

	s->fd = open(kmsg, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (s->fd < 0)
		return;
	(void)lseek(s->fd, 0, SEEK_END);
	s->level = LEVEL_USUAL;
	if (file_read_line(AT_FDCWD, "/proc/sys/kernel/printk", &levels) == 0)
		s->level = atoi(levels);
}

/* Documentation/ABI/testing/dev-kmsg: "priority,sequence,µs,flags;text"; the lower three bits are the level. */
static bool is_shown(const struct screen *s, const char *record)
{
	return (strtol(record, NULL, 10) & 7) < s->level;
}

static bool read_record(const struct screen *s, bool *shown)
{
	char record[RECORD_SIZE + 1];
	ssize_t n = read(s->fd, record, RECORD_SIZE);

	/* -EPIPE: more came than the kernel keeps. */
	if (n < 0) {
		*shown |= errno == EPIPE;
		return errno == EPIPE || errno == EINTR;
	}
	record[n] = '\0';
	*shown |= n > 0 && is_shown(s, record);
	return n > 0;
}

bool screen_is_disturbed(struct screen *s, short revents)
{
	uint64_t now = clock_monotonic();
	bool shown = false;

	/* A file that will say no more, as in tests, would be readable for ever. */
	if (revents & POLLHUP)
		close_fd(&s->fd);
	while (s->fd >= 0 && revents && read_record(s, &shown))
		;
	if (shown)
		s->quiet_at = clock_add(now, QUIET);
	if (now < s->quiet_at)
		return false;
	s->quiet_at = USEC_FOREVER;
	return true;
}

void screen_close(struct screen *s)
{
	close_fd(&s->fd);
	*s = (struct screen)SCREEN_NONE;
}
