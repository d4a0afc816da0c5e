/* SPDX-License-Identifier: MIT */
/*
 * arguments: what systemd passes on the command line: VERB [--timeout=SPAN] [--log-level=LEVEL] …
 *
 * Nothing in it is worth refusing: there is nobody to read a usage message and the machine must go down. Both
 * "--x=y" and "--x y" occur; what is not known is ignored.
 */
#pragma once

#include <stdint.h>

#include "shutdown/verb.h"

struct arguments {
	const struct verb *verb;
	bool verb_given;    /* false: none of the words was one, and verb is the default */
	uint64_t timeout;   /* µs, USEC_FOREVER for "infinity"; the default where none or a bad one was given */
	int log_level;      /* of log.h */
};

struct arguments arguments_parse(int argc, char *const *argv);

/* WATCHDOG_USEC: a decimal; 0 where it is NULL, bad, or 0: not armed. */
uint64_t arguments_watchdog(const char *text);

/*
 * How long the way down may take: the shorter of the time-out and four fifths of the watchdog's, but between
 * 30 seconds and an hour.
 */
uint64_t arguments_budget(uint64_t timeout, uint64_t watchdog);
