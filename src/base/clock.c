/* SPDX-License-Identifier: MIT */
/* clock: reading the clocks, and time spans as people write them. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <time.h>

#include "base/clock.h"
#include "base/macro.h"

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_realtime(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t clock_add(uint64_t a, uint64_t b)
{
	return a > USEC_FOREVER - b ? USEC_FOREVER : a + b;
}

int clock_poll_ms(uint64_t deadline, uint64_t now)
{
	if (deadline == USEC_FOREVER)
		return -1;
	if (deadline <= now)
		return 0;

	uint64_t usec = deadline - now;
	uint64_t ms = usec / USEC_PER_MSEC + (usec % USEC_PER_MSEC != 0);

	return ms > INT_MAX ? INT_MAX : (int)ms;
}

static const struct {
	const char *name;
	uint64_t usec;
} units[] = {
	{ "",    USEC_PER_SEC         },
	{ "us",  1                    },
	{ "ms",  USEC_PER_MSEC        },
	{ "s",   USEC_PER_SEC         },
	{ "sec", USEC_PER_SEC         },
	{ "min", 60 * USEC_PER_SEC    },
	{ "m",   60 * USEC_PER_SEC    },
	{ "h",   3600 * USEC_PER_SEC  },
	{ "d",   86400 * USEC_PER_SEC },
};

static int parse_unit(const char **s, uint64_t *ret)
{
	size_t n = strspn(*s, "abcdefghijklmnopqrstuvwxyz");

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i].name) == n && strncmp(units[i].name, *s, n) == 0) {
			*s += n;
			*ret = units[i].usec;
			return 0;
		}
	return -EINVAL;
}

int clock_parse_span(const char *s, uint64_t *ret)
{
	uint64_t sum = 0;

	if (streq(s, "infinity")) {
		*ret = USEC_FOREVER;
		return 0;
	}
	do {
		uint64_t unit, number, part;
		char *end;

		s += strspn(s, " ");
		if (!isdigit((unsigned char)*s))
			return -EINVAL;
		errno = 0;
		number = strtoull(s, &end, 10);
		if (errno)
			return -ERANGE;
		s = end + strspn(end, " ");
		if (parse_unit(&s, &unit) < 0)
			return -EINVAL;
		if (__builtin_mul_overflow(number, unit, &part) ||
		    __builtin_add_overflow(sum, part, &sum))
			return -ERANGE;
		s += strspn(s, " ");
	} while (*s);

	*ret = sum;
	return 0;
}
