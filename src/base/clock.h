/* SPDX-License-Identifier: MIT */
/* clock: microseconds. Everything that waits uses CLOCK_MONOTONIC. */
#pragma once

#include <stdint.h>

#define USEC_PER_SEC  UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_FOREVER  UINT64_MAX

uint64_t clock_monotonic(void);
uint64_t clock_realtime(void);

/* a + b that stays at USEC_FOREVER. */
uint64_t clock_add(uint64_t a, uint64_t b);

/* Milliseconds until `deadline` for poll(2): rounded up, -1 for USEC_FOREVER, 0 when past. */
int clock_poll_ms(uint64_t deadline, uint64_t now);

/*
 * Reads a time span as systemd.time(7) writes it, the units us ms s min h, one or several
 * ("1min 30s"); a bare number counts seconds; "infinity" is USEC_FOREVER.
 * 0, -EINVAL (no span) or -ERANGE.
 */
int clock_parse_span(const char *s, uint64_t *ret);
