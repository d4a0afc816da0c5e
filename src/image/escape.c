/* SPDX-License-Identifier: MIT */
/* escape: foreign text on a line of its own: what could end it or move the cursor is written as an octal number. */
#include "image/escape.h"

void escape_write(FILE *f, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f || s[i] == '\\')
			(void)fprintf(f, "\\%03o", (unsigned int)(unsigned char)s[i]);
		else
			(void)putc(s[i], f);
}
