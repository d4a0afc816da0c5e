/* SPDX-License-Identifier: MIT */
/* text: a fuzzer's bytes as the string that a parser of files is given. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

/* A copy with a NUL after it, as file_read() gives; the caller frees. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* What must be true whatever the input is. */
#define FUZZ_REQUIRE(condition)    \
	do {                       \
		if (!(condition))  \
			abort();   \
	} while (0)
