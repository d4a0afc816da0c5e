/* SPDX-License-Identifier: MIT */
/* modconf: options of modules, and the black list. */
#include "init/modconf.h"

#include <errno.h>

#include "base/strv.h"

static int push_option(struct modconf *c, const char *module, size_t size, const char *text)
{
	struct modconf_option *grown = reallocarray(c->options, c->options_n + 1, sizeof(*grown));
	struct modconf_option option = { 0 };

	if (!grown)
		return -ENOMEM;
	c->options = grown;
	option.module = strndup(module, size);
	option.text = strdup(text);
	if (!option.module || !option.text) {
		free(option.module);
		free(option.text);
		return -ENOMEM;
	}
	c->options[c->options_n++] = option;
	return 0;
}

static int take_line(struct modconf *c, char *line)
{
	const char *word, *module;

	line += strspn(line, " \t");
	word = strsep(&line, " \t");
	if (!line || *word == '#')
		return 0;
	line += strspn(line, " \t");
	module = strsep(&line, " \t\r");
	if (!*module)
		return 0;
	if (streq(word, "blacklist"))
		return strv_push(&c->blacklist, module);
	if (!streq(word, "options") || !line)
		return 0;
	line += strspn(line, " \t");
	line[strcspn(line, "\r")] = '\0';
	return *line ? push_option(c, module, strlen(module), line) : 0;
}

/* A line that ends in a backslash goes on in the next one. */
static void join_lines(char *text)
{
	for (char *p = text; (p = strstr(p, "\\\n"));)
		p[0] = p[1] = ' ';
}

int modconf_read(struct modconf *c, char *text)
{
	char *line;
	int r = 0;

	join_lines(text);
	while (r == 0 && (line = strsep(&text, "\n")))
		r = take_line(c, line);
	return r;
}

/* The kernel takes the quotes off again. lib/cmdline.c, next_arg() */
static int take_word(struct modconf *c, const struct cmdline_word *w)
{
	const char *dot = strchr(w->key, '.');
	_cleanup_free_ char *text = NULL;
	int n;

	if (cmdline_key_is(w->key, "modprobe.blacklist"))
		return w->value ? strv_split(&c->blacklist, w->value, ",") : 0;
	if (!dot || dot == w->key || !dot[1])
		return 0;
	if (!w->value)
		n = asprintf(&text, "%s", dot + 1);
	else if (strpbrk(w->value, " \t"))
		n = asprintf(&text, "%s=\"%s\"", dot + 1, w->value);
	else
		n = asprintf(&text, "%s=%s", dot + 1, w->value);
	return n < 0 ? -ENOMEM : push_option(c, w->key, (size_t)(dot - w->key), text);
}

int modconf_read_cmdline(struct modconf *c, const struct cmdline *words)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < words->n; i++)
		r = take_word(c, &words->words[i]);
	return r;
}

void modconf_free(struct modconf *c)
{
	for (size_t i = 0; i < c->options_n; i++) {
		free(c->options[i].module);
		free(c->options[i].text);
	}
	free(c->options);
	strv_free(c->blacklist);
	*c = (struct modconf){ 0 };
}

bool modconf_is_blacklisted(const struct modconf *c, const char *module)
{
	STRV_FOREACH(name, c->blacklist)
		if (cmdline_key_is(*name, module))
			return true;
	return false;
}

char *modconf_options(const struct modconf *c, const char *module)
{
	_cleanup_strv_ char **found = NULL;

	for (size_t i = 0; i < c->options_n; i++)
		if (cmdline_key_is(c->options[i].module, module) && strv_push(&found, c->options[i].text) < 0)
			return NULL;
	return found ? strv_join(found, " ") : strdup("");
}
