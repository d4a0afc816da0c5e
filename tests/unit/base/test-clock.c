/* SPDX-License-Identifier: MIT */
/* test-clock: microseconds, and time spans as people write them. */
#include <errno.h>
#include <limits.h>

#include "base/clock.h"
#include "base/macro.h"
#include "unit/unit.h"

static void spans(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t usec;
	} rows[] = {
		{ "90",                   0,       90 * USEC_PER_SEC       },
		{ "90s",                  0,       90 * USEC_PER_SEC       },
		{ "90 s",                 0,       90 * USEC_PER_SEC       },
		{ " 90 ",                 0,       90 * USEC_PER_SEC       },
		{ "90sec",                0,       90 * USEC_PER_SEC       },
		{ "90000000us",           0,       90 * USEC_PER_SEC       },
		{ "1min 30s",             0,       90 * USEC_PER_SEC       },
		{ "1min30s",              0,       90 * USEC_PER_SEC       },
		{ "1m30",                 0,       90 * USEC_PER_SEC       },
		{ "1500ms",               0,       1500 * USEC_PER_MSEC    },
		{ "2h",                   0,       7200 * USEC_PER_SEC     },
		{ "1d",                   0,       86400 * USEC_PER_SEC    },
		{ "0",                    0,       0                       },
		{ "infinity",             0,       USEC_FOREVER            },
		{ "",                     -EINVAL, 0                       },
		{ " ",                    -EINVAL, 0                       },
		{ "abc",                  -EINVAL, 0                       },
		{ "s",                    -EINVAL, 0                       },
		{ "-1",                   -EINVAL, 0                       },
		{ "+1",                   -EINVAL, 0                       },
		{ "1e99",                 -EINVAL, 0                       },
		{ "5 parsecs",            -EINVAL, 0                       },
		{ "5S",                   -EINVAL, 0                       },
		{ "1s,",                  -EINVAL, 0                       },
		{ "infinity1",            -EINVAL, 0                       },
		{ "18446744073709551616", -ERANGE, 0                       },
		{ "18446744073709551615", -ERANGE, 0                       },
		{ "18446744073709551616us", -ERANGE, 0                     },
		{ "213503983d",           -ERANGE, 0                       },
		{ "213503982d 1d",        -ERANGE, 0                       },
		{ "213503982d",           0,       18446744044800000000U   },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t usec = 4711;
		int r = clock_parse_span(rows[i].text, &usec);

		if (r != rows[i].result || usec != (r < 0 ? 4711 : rows[i].usec))
			fail_msg("\"%s\": %d, %llu µs", rows[i].text, r, (unsigned long long)usec);
	}
}

static void add_stays_at_forever(void **state)
{
	assert_int_equal(clock_add(1, 2), 3);
	assert_true(clock_add(USEC_FOREVER, 1) == USEC_FOREVER);
	assert_true(clock_add(1, USEC_FOREVER) == USEC_FOREVER);
	assert_true(clock_add(USEC_FOREVER, 0) == USEC_FOREVER);
	assert_true(clock_add(USEC_FOREVER, USEC_FOREVER) == USEC_FOREVER);
}

static void poll_rounds_up(void **state)
{
	assert_int_equal(clock_poll_ms(USEC_FOREVER, 5), -1);
	assert_int_equal(clock_poll_ms(5, 5), 0);
	assert_int_equal(clock_poll_ms(4, 5), 0);
	/* Rounded down it would spin through the last millisecond. */
	assert_int_equal(clock_poll_ms(6, 5), 1);
	assert_int_equal(clock_poll_ms(1005, 5), 1);
	assert_int_equal(clock_poll_ms(1006, 5), 2);
	assert_int_equal(clock_poll_ms(USEC_FOREVER - 1, 0), INT_MAX);
}

static void clocks_run(void **state)
{
	uint64_t a = clock_monotonic(), b;

	usleep(2000);
	b = clock_monotonic();
	assert_true(b >= a + 2000);
	assert_true(b < a + 60 * USEC_PER_SEC);
	/* Later than this was written, in µs. */
	assert_true(clock_realtime() > 1700000000 * USEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans),
		cmocka_unit_test(add_stays_at_forever),
		cmocka_unit_test(poll_rounds_up),
		cmocka_unit_test(clocks_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
