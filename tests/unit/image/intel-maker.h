/* SPDX-License-Identifier: MIT */
/* intel-maker: microcode updates as Intel documents them, with nothing in them. */
#pragma once

#include <stdint.h>
#include <string.h>

#define INTEL_DATA 16
#define INTEL_SIZE (48 + INTEL_DATA)

static inline void intel_put(uint8_t *at, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

static inline uint32_t intel_sum(const uint8_t *p, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i += 4)
		sum += (uint32_t)p[i] | (uint32_t)p[i + 1] << 8 | (uint32_t)p[i + 2] << 16 | (uint32_t)p[i + 3] << 24;
	return sum;
}

/* INTEL_SIZE bytes, and behind them what `more` bytes of the caller's hold. */
static inline void intel_make(uint8_t *p, uint32_t signature, uint32_t flags, uint32_t more)
{
	memset(p, 0, INTEL_SIZE);
	intel_put(p, 1);
	intel_put(p + 4, 0x2a);
	intel_put(p + 12, signature);
	intel_put(p + 20, 1);
	intel_put(p + 24, flags);
	intel_put(p + 28, INTEL_DATA);
	intel_put(p + 32, INTEL_SIZE + more);
	memset(p + 48, 0xa5, INTEL_DATA);
	intel_put(p + 16, 0 - intel_sum(p, INTEL_SIZE));
}
