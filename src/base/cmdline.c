/* SPDX-License-Identifier: MIT */
/* cmdline: the kernel command line, split the kernel's way. */
#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "base/cmdline.h"
#include "base/strv.h"

/*
 * Takes one word off `*p` (writable, NUL-terminated) and divides it in place. The steps are
 * those of next_arg(): the quote that opens a word is dropped, every other quote only switches
 * whether a space ends the word, and a value that opens with a quote loses it and the last
 * character if that is one.
 */
static void take_word(char **p, char **ret_key, char **ret_value)
{
	char *word = *p, *equals = NULL, *end;
	bool quoted = false, in_quote = false;

	if (*word == '"') {
		word++;
		in_quote = quoted = true;
	}
	for (end = word; *end; end++) {
		if (isspace((unsigned char)*end) && !in_quote)
			break;
		if (*end == '=' && end > word && !equals)
			equals = end;
		if (*end == '"')
			in_quote = !in_quote;
	}
	*p = *end ? end + 1 : end;
	*end = '\0';

	if (equals) {
		*equals++ = '\0';
		if (*equals == '"') {
			equals++;
			if (end > equals && end[-1] == '"')
				end[-1] = '\0';
		}
	}
	if (quoted && end > word && end[-1] == '"')
		end[-1] = '\0';

	*ret_key = word;
	*ret_value = equals;
}

static int push_word(struct cmdline *c, const char *key, const char *value)
{
	struct cmdline_word *grown = realloc(c->words, (c->n + 1) * sizeof(*grown));
	struct cmdline_word word = { 0 };

	if (!grown)
		return -ENOMEM;
	c->words = grown;
	word.key = strdup(key);
	word.value = value ? strdup(value) : NULL;
	if (!word.key || (value && !word.value)) {
		free(word.key);
		free(word.value);
		return -ENOMEM;
	}
	c->words[c->n++] = word;
	return 0;
}

/* Words after "--" go to init whole: put "key=value" together again. */
static int push_init_arg(struct cmdline *c, const char *key, const char *value)
{
	_cleanup_free_ char *word = NULL;

	if (!value)
		return strv_push(&c->init_args, key);
	if (asprintf(&word, "%s=%s", key, value) < 0)
		return -ENOMEM;
	return strv_push(&c->init_args, word);
}

int cmdline_parse(const char *text, struct cmdline *ret)
{
	_cleanup_free_ char *copy = strdup(text);
	bool init = false;
	char *p = copy;

	if (!copy)
		return -ENOMEM;
	for (;;) {
		char *key, *value;
		int r;

		while (isspace((unsigned char)*p))
			p++;
		if (!*p)
			return 0;
		take_word(&p, &key, &value);
		if (streq(key, "--") && !value) {
			if (init)
				return 0;
			init = true;
			continue;
		}
		r = init ? push_init_arg(ret, key, value) : push_word(ret, key, value);
		if (r < 0)
			return r;
	}
}

void cmdline_free(struct cmdline *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->words[i].key);
		free(c->words[i].value);
	}
	free(c->words);
	strv_free(c->init_args);
	*c = (struct cmdline){ 0 };
}

bool cmdline_key_is(const char *key, const char *name)
{
	for (; *key && *name; key++, name++) {
		char a = *key == '-' ? '_' : *key, b = *name == '-' ? '_' : *name;

		if (a != b)
			return false;
	}
	return *key == *name;
}

const struct cmdline_word *cmdline_find(const struct cmdline *c, const char *name)
{
	for (size_t i = c->n; i-- > 0;)
		if (cmdline_key_is(c->words[i].key, name))
			return &c->words[i];
	return NULL;
}

const char *cmdline_value(const struct cmdline *c, const char *name, const char *fallback)
{
	const struct cmdline_word *w = cmdline_find(c, name);

	return w && w->value ? w->value : fallback;
}

int cmdline_answer(const char *value)
{
	static const char *const yes[] = { "1", "yes", "true", "on", "y" };
	static const char *const no[] = { "0", "no", "false", "off", "n" };

	if (!value)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (strcasecmp(value, yes[i]) == 0)
			return 1;
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (strcasecmp(value, no[i]) == 0)
			return 0;
	return -EINVAL;
}

bool cmdline_bool(const struct cmdline *c, const char *name, bool fallback)
{
	const struct cmdline_word *w = cmdline_find(c, name);
	int answer = w ? cmdline_answer(w->value) : -EINVAL;

	return answer < 0 ? fallback : answer;
}
