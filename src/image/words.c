/* SPDX-License-Identifier: MIT */
/* words: a line of text as words, divided by blanks. */
#include <errno.h>

#include "base/strv.h"
#include "image/words.h"

#define BLANKS " \t"

/* Writes one word without its quotes to `out`, which has room for all of `text`; `*ret` is what follows. */
static int take_word(const char *text, char *out, const char **ret)
{
	while (*text && !strchr(BLANKS, *text)) {
		char quote = *text == '"' || *text == '\'' ? *text : '\0';
		size_t n = quote ? strcspn(++text, (char[]){ quote, '\0' }) : 1;

		memcpy(out, text, n);
		out += n;
		text += n;
		if (!quote)
			continue;
		if (*text != quote)
			return -EINVAL;
		text++;
	}
	*out = '\0';
	*ret = text;
	return 0;
}

int words_split(const char *text, char ***ret)
{
	_cleanup_free_ char *word = malloc(strlen(text) + 1);

	if (!word)
		return -ENOMEM;
	for (;;) {
		int r;

		text += strspn(text, BLANKS);
		if (!*text || *text == '#')
			return 0;
		r = take_word(text, word, &text);
		if (r == 0)
			r = strv_push(ret, word);
		if (r < 0)
			return r;
	}
}
