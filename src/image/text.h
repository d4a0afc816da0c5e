/* SPDX-License-Identifier: MIT */
/* text: is it any: UTF-8 without control characters? */
#pragma once

#include <stddef.h>

/* How many bytes from the start of `text` are (RFC 3629); tabs and newlines are. `size` when all are. */
size_t text_span(const char *text, size_t size);
