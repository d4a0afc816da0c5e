/* SPDX-License-Identifier: MIT */
/*
 * log: one event, one line, one write(2).
 *
 * base/ returns, stages log: only src/init, src/image and shutdown/ call these. Text is "cannot
 * X Y: why" for an error and ends in ", ignoring" for a warning after which the work goes on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <syslog.h>

#include "base/macro.h"

enum log_sink {
	LOG_SINK_STDERR, /* `ident: text` */
	LOG_SINK_KMSG,   /* `<prio>ident: stage: text`; stderr where /dev/kmsg cannot be opened */
};

/*
 * Where lines go from now on. `ident` is borrowed for ever. With LOG_SINK_KMSG lines of LOG_ERR
 * and worse also go to /dev/console where the kernel's console level would hide them.
 */
void log_open(const char *ident, enum log_sink sink);

/* Lines less urgent than `level` (LOG_DEBUG … LOG_ERR) are dropped. Starts at LOG_INFO. */
void log_set_level(int level);
int log_get_level(void);

/* The stage named in each line, borrowed; NULL for none. */
void log_set_stage(const char *stage);

void log_line(int level, const char *fmt, ...) _printf_(2, 3);

/* Writes the line to the console itself too: what a user must see at the end of a boot or a
 * shutdown. */
void log_console(int level, const char *fmt, ...) _printf_(2, 3);

/* log_line at LOG_ERR, appending ": strerror(-r)"; returns r, so that `return log_errno(r, …)`
 * reads well. */
int log_errno(int r, const char *fmt, ...) _printf_(2, 3);

/*
 * A line on a terminal that the next one, of whatever kind, takes the place of; NULL takes it away. The caller has
 * seen that standard error is a terminal. For LOG_SINK_STDERR.
 */
void log_status(const char *text);

/*
 * For signal handlers: the bytes of `text` to /dev/kmsg and to fd 2. Async-signal-safe.
 */
void log_crash(const char *text);

#define log_error(...)   log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)
