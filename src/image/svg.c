/* SPDX-License-Identifier: MIT */
/* svg: text in an SVG. */
#include "image/svg.h"

#define ELLIPSIS "…"

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

static const char *entity(char c)
{
	static const struct {
		char c;
		const char *entity;
	} rows[] = {
		{ '<', "&lt;" }, { '>', "&gt;" }, { '&', "&amp;" }, { '"', "&quot;" }, { '\'', "&#39;" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].c == c)
			return rows[i].entity;
	return (unsigned char)c < ' ' || c == 0x7f ? "?" : NULL;
}

void svg_escape(FILE *f, const char *s)
{
	while (*s) {
		/* U+FFFE and U+FFFF are no characters. */
		if (startswith(s, "\xef\xbf\xbe") || startswith(s, "\xef\xbf\xbf")) {
			(void)fputc('?', f);
			s += 3;
		} else if (entity(*s)) {
			(void)fputs(entity(*s++), f);
		} else {
			(void)fputc(*s++, f);
		}
	}
}

/* Of the wider ones of the usual fonts: DejaVu Sans, Verdana. */
static double letter_width(unsigned char c)
{
	if (c < 0x80)
		return strchr("iIl|.,:;'!jft/-()[] r", c) ? 0.4 : strchr("mwMW@%", c) ? 0.98 : 0.65;
	/* Scripts from U+1000 on may be as wide as high. */
	return c < 0xe1 ? 0.7 : 1.05;
}

double svg_width(const char *s, double em)
{
	double sum = 0;

	for (; *s; s++)
		if (!is_continuation((unsigned char)*s))
			sum += letter_width((unsigned char)*s) * em;
	return sum;
}

char *svg_shorten(const char *s, double em, double width)
{
	double room = width - svg_width(ELLIPSIS, em), sum = 0;
	size_t n = 0;
	char *text;

	if (svg_width(s, em) <= width)
		return strdup(s);
	/* Whole characters. */
	while (s[n]) {
		size_t next = n + 1;

		while (is_continuation((unsigned char)s[next]))
			next++;
		sum += letter_width((unsigned char)s[n]) * em;
		if (sum > room)
			break;
		n = next;
	}
	return asprintf(&text, "%.*s" ELLIPSIS, (int)n, s) < 0 ? NULL : text;
}

void svg_text(FILE *f, const char *class, double x, double y, const char *s)
{
	(void)fprintf(f, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
	svg_escape(f, s);
	(void)fputs("</text>\n", f);
}
