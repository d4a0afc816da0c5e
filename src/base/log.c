/* SPDX-License-Identifier: MIT */
/* log: the one sink that is global. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "base/file.h"
#include "base/log.h"

/* The kernel takes no line longer than LOG_LINE_MAX (1024) less its own prefix. */
#define LINE_BYTES 976

static struct {
	const char *ident;
	const char *stage;
	enum log_sink sink;
	int level;
	bool status; /* what log_status() has written stands there */
} sink = { .ident = "slipway", .level = LOG_INFO };

void log_open(const char *ident, enum log_sink to)
{
	sink.ident = ident;
	sink.sink = to;
}

void log_set_level(int level)
{
	sink.level = level;
}

int log_get_level(void)
{
	return sink.level;
}

void log_set_stage(const char *stage)
{
	sink.stage = stage;
}

static bool write_to(const char *path, const char *line, size_t n)
{
	/*
	 * Opened anew for each line: the kernel limits the rate of an *open file* of /dev/kmsg
	 * (ten lines in five seconds, printk.devkmsg=ratelimit), and drops the rest while
	 * write(2) reports success.
	 */
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd >= 0 && write(fd, line, n) == (ssize_t)n;
}

/* The first number of /proc/sys/kernel/printk: only lines below it reach the console. */
static int console_level(void)
{
	_cleanup_free_ char *line = NULL;

	if (file_read_line(AT_FDCWD, "/proc/sys/kernel/printk", &line) < 0)
		return LOG_DEBUG + 1;
	return atoi(line);
}

void log_status(const char *text)
{
	char line[LINE_BYTES];
	int n;

	if (!text && !sink.status)
		return;
	/* To the first column, and clear the line: ECMA-48. */
	n = snprintf(line, sizeof(line), "\r\033[K%s", text ?: "");
	(void)!write(STDERR_FILENO, line, (size_t)MIN(n, (int)sizeof(line) - 1));
	sink.status = text != NULL;
}

static void _printf_(3, 0) emit(int level, bool console, const char *fmt, va_list ap)
{
	char line[LINE_BYTES + 1];
	const char *text;
	int n = 0, len;

	log_status(NULL);
	if (sink.sink == LOG_SINK_KMSG)
		n = snprintf(line, sizeof(line), "<%d>", LOG_DAEMON | level);
	text = line + n;
	n += snprintf(line + n, sizeof(line) - (size_t)n, "%s: %s%s", sink.ident,
		      sink.stage ? sink.stage : "", sink.stage ? ": " : "");
	len = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	n = MIN(n + MAX(len, 0), (int)sizeof(line) - 2);
	/* A label or a file name must not end the line, nor steer a terminal. */
	for (char *p = line; p < line + n; p++)
		if ((unsigned char)*p < ' ' || *p == '\x7f')
			*p = ' ';
	line[n++] = '\n';
	line[n] = '\0';

	if (sink.sink == LOG_SINK_STDERR || !write_to("/dev/kmsg", line, (size_t)n))
		(void)!write(STDERR_FILENO, text, strlen(text));
	else if ((console || level <= LOG_ERR) && console_level() <= level)
		(void)write_to("/dev/console", text, strlen(text));
}

void log_line(int level, const char *fmt, ...)
{
	va_list ap;

	if (level > sink.level)
		return;
	va_start(ap, fmt);
	emit(level, false, fmt, ap);
	va_end(ap);
}

void log_console(int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(level, true, fmt, ap);
	va_end(ap);
}

int log_errno(int r, const char *fmt, ...)
{
	char text[LINE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_line(LOG_ERR, "%s: %s", text, strerror(-r));
	return r;
}

void log_crash(const char *text)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		(void)!write(fd, text, strlen(text));
	(void)!write(STDERR_FILENO, text, strlen(text));
}
