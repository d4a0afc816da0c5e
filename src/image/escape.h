/* SPDX-License-Identifier: MIT */
/* escape: foreign text on a line of its own: what could end it or move the cursor is written as an octal number. */
#pragma once

#include "base/macro.h"

/*
 * Control characters and the backslash as \ooo, as `ls -b` and the kernel's seq_escape() do; everything else as it
 * is. mountinfo_unescape() undoes it. Errors are the stream's, see ferror(3).
 */
void escape_write(FILE *f, const char *s, size_t n);
