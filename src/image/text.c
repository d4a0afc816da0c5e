/* SPDX-License-Identifier: MIT */
/* text: is it any: UTF-8 without control characters? */
#include "base/macro.h"
#include "image/text.h"

/* RFC 3629, section 4: by the first byte, how many follow, and between which two the first of these must lie. */
static const struct sequence {
	unsigned char first, last, more, low, high;
} sequences[] = {
	{ '\t', '\n', 0, 0, 0 },       { ' ', '~', 0, 0, 0 },
	{ 0xc2, 0xdf, 1, 0x80, 0xbf }, { 0xe0, 0xe0, 2, 0xa0, 0xbf }, /* no shorter form would do */
	{ 0xe1, 0xec, 2, 0x80, 0xbf }, { 0xed, 0xed, 2, 0x80, 0x9f }, /* no surrogates */
	{ 0xee, 0xef, 2, 0x80, 0xbf }, { 0xf0, 0xf0, 3, 0x90, 0xbf },
	{ 0xf1, 0xf3, 3, 0x80, 0xbf }, { 0xf4, 0xf4, 3, 0x80, 0x8f }, /* up to U+10FFFF */
};

/* The length of the character at `p`, of which `room` bytes may be looked at; 0 for none. */
static size_t character(const unsigned char *p, size_t room)
{
	for (size_t i = 0; i < ARRAY_SIZE(sequences); i++) {
		const struct sequence *s = &sequences[i];

		if (*p < s->first || *p > s->last)
			continue;
		if (s->more >= room || (s->more > 0 && (p[1] < s->low || p[1] > s->high)))
			return 0;
		for (size_t k = 2; k <= s->more; k++)
			if (p[k] < 0x80 || p[k] > 0xbf)
				return 0;
		return 1 + (size_t)s->more;
	}
	return 0;
}

size_t text_span(const char *text, size_t size)
{
	size_t at = 0, n;

	while (at < size && (n = character((const unsigned char *)text + at, size - at)) > 0)
		at += n;
	return at;
}
