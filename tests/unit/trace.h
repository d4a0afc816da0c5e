/* SPDX-License-Identifier: MIT */
/*
 * trace: what the code under test does to the world, one line a call, compared with a golden text; any line can
 * be made to fail. Log lines stand among them. A test that includes this has in its first comment the line
 * " * wrap: log_line log_console log_errno", and one with the calls that it replaces by functions of its own.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "unit/unit.h"

static struct {
	char text[8192];
	size_t size;
	unsigned int calls;    /* log lines are none */
	unsigned int fail;     /* the number of the call that fails, 0: none */
	unsigned int fail_to;  /* and those after it up to this one */
	int error;             /* its errno */
} traced;

static inline void trace_reset(unsigned int fail, int error)
{
	memset(&traced, 0, sizeof(traced));
	traced.fail = traced.fail_to = fail;
	traced.error = error;
}

static inline void __attribute__((format(printf, 1, 0))) trace_append(const char *fmt, va_list ap)
{
	size_t room = sizeof(traced.text) - traced.size;
	int n = vsnprintf(traced.text + traced.size, room, fmt, ap);

	assert_true(n >= 0 && (size_t)n + 2 < room);
	traced.size += (size_t)n;
	traced.text[traced.size++] = '\n';
	traced.text[traced.size] = '\0';
}

/* A call: 0, or -1 with errno where it is the one to fail. */
static inline int __attribute__((format(printf, 1, 2))) trace_call(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	trace_append(fmt, ap);
	va_end(ap);
	traced.calls++;
	if (traced.calls < traced.fail || traced.calls > traced.fail_to)
		return 0;
	errno = traced.error;
	return -1;
}

/* The same for what returns -errno. */
#define trace_call_errno(...) (trace_call(__VA_ARGS__) < 0 ? -errno : 0)

/* What is no call of its own: a log line, the end. */
static inline void __attribute__((format(printf, 1, 2))) trace_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	trace_append(fmt, ap);
	va_end(ap);
}

/*
 * What never returns is left by longjmp(3), and what was allocated is left behind: between these two it does not
 * count as a leak. Without sanitizers they are not there.
 */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static inline void trace_leaves(bool leaves)
{
	void (*call)(void) = leaves ? __lsan_disable : __lsan_enable;

	if (call)
		call();
}

static inline const char *trace_level(int level)
{
	static const char *const names[] = {
		"emerg", "alert", "crit", "error", "warning", "notice", "info", "debug",
	};

	return names[level];
}

static inline void __attribute__((format(printf, 2, 0))) trace_log(int level, const char *fmt, va_list ap)
{
	char text[1024];

	if (level == LOG_DEBUG)
		return;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	trace_note("%s: %s", trace_level(level), text);
}

void __wrap_log_line(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void __wrap_log_line(int level, const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	trace_log(level, fmt, ap);
	va_end(ap);
	errno = error;
}

void __wrap_log_console(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void __wrap_log_console(int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	trace_log(level, fmt, ap);
	va_end(ap);
}

int __wrap_log_errno(int r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int __wrap_log_errno(int r, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	trace_note("error: %s: %s", text, strerror(-r));
	return r;
}
