/* SPDX-License-Identifier: MIT */
/* arguments: what systemd passes on the command line. */
#include <ctype.h>
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "shutdown/arguments.h"

#define DEFAULT_USEC (90 * USEC_PER_SEC)   /* DefaultTimeoutStopSec= as shipped */
#define MIN_USEC     (30 * USEC_PER_SEC)
#define MAX_USEC     (3600 * USEC_PER_SEC) /* "infinity" on a machine that nobody watches */

static void take_timeout(struct arguments *a, const char *value)
{
	uint64_t usec;

	if (clock_parse_span(value, &usec) == 0)
		a->timeout = usec;
}

static void take_log_level(struct arguments *a, const char *value)
{
	static const char *const names[] = { "emerg",   "alert",  "crit", "err",
					     "warning", "notice", "info", "debug" };

	for (int i = 0; i < (int)ARRAY_SIZE(names); i++)
		if (streq(names[i], value) || (isdigit((unsigned char)value[0]) && atoi(value) == i))
			/* Errors are told whatever is asked. */
			a->log_level = MAX(i, LOG_ERR);
}

static const struct option {
	const char *name;
	void (*take)(struct arguments *a, const char *value); /* NULL: it has a value, which is of no use here */
} options[] = {
	{ "--timeout",    take_timeout   },
	{ "--log-level",  take_log_level },
	{ "--log-target", NULL           },
	{ "--exit-code",  NULL           },
};

static const struct option *find_option(const char *word, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strlen(options[i].name) == n && strncmp(options[i].name, word, n) == 0)
			return &options[i];
	return NULL;
}

/* Returns how many words after this one belong to it. */
static int take_option(struct arguments *a, const char *word, const char *next)
{
	size_t n = strcspn(word, "=");
	const struct option *o = find_option(word, n);
	bool in_next = word[n] == '\0' && next && !startswith(next, "--");

	if (!o)
		return 0;
	if (o->take && word[n] == '=')
		o->take(a, word + n + 1);
	else if (o->take && in_next)
		o->take(a, next);
	return in_next;
}

struct arguments arguments_parse(int argc, char *const *argv)
{
	struct arguments a = {
		.verb = verb_default(),
		.timeout = DEFAULT_USEC,
		.log_level = LOG_INFO,
	};

	for (int i = 1; i < argc; i++) {
		const struct verb *verb;

		if (startswith(argv[i], "--")) {
			i += take_option(&a, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
			continue;
		}
		verb = verb_find(argv[i]);
		if (verb && !a.verb_given) {
			a.verb = verb;
			a.verb_given = true;
		}
	}
	return a;
}

uint64_t arguments_watchdog(const char *text)
{
	char *end;
	unsigned long long usec;

	if (!text || !isdigit((unsigned char)*text))
		return 0;
	errno = 0;
	usec = strtoull(text, &end, 10);
	return errno || *end || usec == USEC_FOREVER ? 0 : usec;
}

uint64_t arguments_budget(uint64_t timeout, uint64_t watchdog)
{
	uint64_t usec = timeout;

	if (watchdog > 0)
		usec = MIN(usec, watchdog / 5 * 4);
	return MIN(MAX(usec, MIN_USEC), MAX_USEC);
}
