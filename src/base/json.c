/* SPDX-License-Identifier: MIT */
/* json: writing it. */
#include "base/json.h"

#include <stdint.h>

#include "base/macro.h"

/* By the first byte: how many there are, and the least character that needs as many. RFC 3629 */
static const struct form {
	unsigned char mask, mark;
	int bytes;
	uint32_t least;
} forms[] = {
	{ 0x80, 0x00, 1, 0       },
	{ 0xe0, 0xc0, 2, 0x80    },
	{ 0xf0, 0xe0, 3, 0x800   },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

/* How many bytes the character at `s` has; 0: there is none. */
static int character_bytes(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];
		uint32_t c = p[0] & (unsigned char)~form->mask;

		if ((p[0] & form->mask) != form->mark)
			continue;
		for (int k = 1; k < form->bytes; k++) {
			if ((p[k] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (p[k] & 0x3f);
		}
		return c < form->least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : form->bytes;
	}
	return 0;
}

void json_string(FILE *f, const char *s)
{
	(void)fputc('"', f);
	for (int n; *s; s += MAX(n, 1)) {
		n = character_bytes(s);
		if (n == 0)
			(void)fputs("\\ufffd", f);
		else if (n == 1 && ((unsigned char)*s < ' ' || *s == '\x7f'))
			(void)fprintf(f, "\\u%04x", (unsigned int)(unsigned char)*s);
		else if (*s == '"' || *s == '\\')
			(void)fprintf(f, "\\%c", *s);
		else
			(void)fwrite(s, 1, (size_t)n, f);
	}
	(void)fputc('"', f);
}
