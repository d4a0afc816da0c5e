/* SPDX-License-Identifier: MIT */
/* settings: the keys of slipway.conf(5), and what they may be set to. */
#include <errno.h>
#include <stddef.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/compress.h"
#include "image/settings.h"
#include "image/words.h"

struct setting;

/* NULL: the word may stand there. Else what is allowed, as a fixed text. */
typedef const char *(*word_check)(const struct setting *row, const char *word, size_t i);

struct setting {
	const char *key;
	size_t at, from;            /* in struct settings */
	size_t option;              /* in struct settings_options; its name is the key's, with '-' for '_' */
	const char *const *choices; /* NULL-ended: lands as an index into it */
	word_check check;           /* of each word; a value without choices and without `list` is one word, a string */
	bool list;
	unsigned int step; /* how many words make one entry of a list */
	const char *usual; /* of a string */
};

static const char *const modes[] = { "generic", "host", NULL };
static const char *const inits[] = { "slipway", "systemd", NULL };
static const char *const microcodes[] = { "auto", "all", "host", "none", NULL };
static const char *const yes_no[] = { "yes", "no", NULL };
static const char *const no_yes[] = { "no", "yes", NULL };
static const char *const auto_yes_no[] = { "auto", "yes", "no", NULL };

static const char *check_module(const struct setting *row, const char *word, size_t i)
{
	if (!*word || *word == '/' || path_has_dot_dot(word))
		return "a module's name, an alias, or a path below the kernel's directory, as in "
		       "kernel/drivers/ata/";
	return NULL;
}

static bool is_below_root(const char *word)
{
	return *word == '/' && word[strspn(word, "/")] && !path_has_dot_dot(word);
}

static const char *check_path(const struct setting *row, const char *word, size_t i)
{
	return is_below_root(word) ? NULL : "absolute paths of the system, without \"..\"";
}

static const char *check_pair(const struct setting *row, const char *word, size_t i)
{
	bool to = i % 2 == 1;

	if (to ? is_below_root(word) && !endswith(word, "/") : *word == '/')
		return NULL;
	return to ? "absolute paths without \"..\", with the name that it is to have in the image"
		  : "pairs of absolute paths: one of this machine, then one in the image";
}

static const char *check_keymap(const struct setting *row, const char *word, size_t i)
{
	return *word && !strchr(word, '/') ? NULL : "auto, no, and the name of a keymap, as in de-latin1";
}

static const char *check_compress(const struct setting *row, const char *word, size_t i)
{
	const struct compress_format *format;
	unsigned int level;

	if (streq(word, "auto") || compress_parse(word, &format, &level) == 0)
		return NULL;
	return "auto, zstd, xz, gzip, lz4 and none, with a level as in zstd:19 (zstd 1 to 22, xz 0 to 9, "
	       "gzip 1 to 9, lz4 1 to 12)";
}

#define PLACE(field)                                                                                                   \
	.key = #field, .at = offsetof(struct settings, field), .from = offsetof(struct settings, field##_from),        \
	.option = offsetof(struct settings_options, field)
#define LIST .list = true, .step = 1

/* In the order of slipway.conf(5). */
static const struct setting settings[] = {
	{ PLACE(mode), .choices = modes },
	{ PLACE(init), .choices = inits },
	{ PLACE(modules), LIST, .check = check_module },
	{ PLACE(omit_modules), LIST, .check = check_module },
	{ PLACE(force_modules), LIST, .check = check_module },
	{ PLACE(files), LIST, .check = check_path },
	{ PLACE(install), .list = true, .step = 2, .check = check_pair },
	{ PLACE(compress), .check = check_compress, .usual = "auto" },
	{ PLACE(reserve), .choices = yes_no },
	{ PLACE(firmware), .choices = auto_yes_no },
	{ PLACE(microcode), .choices = microcodes },
	{ PLACE(keymap), .check = check_keymap, .usual = "auto" },
	{ PLACE(archives), .choices = no_yes },
};

#define SETTING_FOREACH(row) for (const struct setting *row = settings; row < settings + ARRAY_SIZE(settings); row++)

static void *field(const struct settings *s, size_t at)
{
	return (char *)s + at;
}

/* "a, b and c" of the choices, or of all keys. */
static char *list_allowed(const char *const *choices)
{
	char *text = NULL;
	size_t size, n = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	while (choices ? choices[n] != NULL : n < ARRAY_SIZE(settings))
		n++;
	for (size_t i = 0; i < n; i++) {
		const char *between = i + 1 < n ? ", " : " and ";

		(void)fprintf(out, "%s%s", i > 0 ? between : "", choices ? choices[i] : settings[i].key);
	}
	(void)fclose(out);
	return text;
}

static int refuse(const struct setting *row, const char *where, const char *word, const char *allowed)
{
	if (row->list)
		log_error("cannot use %s: \"%s\" cannot stand in %s; allowed are %s", where, word, row->key, allowed);
	else
		log_error("cannot use %s: %s cannot be \"%s\"; allowed are %s", where, row->key, word, allowed);
	return -EINVAL;
}

static int check_words(const struct setting *row, char **words, const char *where)
{
	size_t n = strv_length(words);

	for (size_t i = 0; i < n; i++) {
		const char *allowed = row->check(row, words[i], i);

		if (allowed)
			return refuse(row, where, words[i], allowed);
	}
	if (n % row->step) {
		log_error("cannot use %s: \"%s\" stands alone in %s: %s", where, words[n - 1], row->key,
			  "a pair is a path of this machine, then one in the image");
		return -EINVAL;
	}
	return 0;
}

static int set_list(struct settings *s, const struct setting *row, char **words, bool append, const char *where)
{
	char ***list = field(s, row->at), ***from = field(s, row->from);
	int r = check_words(row, words, where);

	if (r < 0)
		return r;
	if (!append) {
		strv_free(TAKE_PTR(*list));
		strv_free(TAKE_PTR(*from));
	}
	STRV_FOREACH (word, words)
		if (r == 0 && (r = strv_push(list, *word)) == 0)
			r = strv_push(from, where);
	return r;
}

static int choose(struct settings *s, const struct setting *row, const char *word, const char *where)
{
	_cleanup_free_ char *allowed = NULL;

	for (unsigned int i = 0; row->choices[i]; i++)
		if (streq(row->choices[i], word)) {
			*(unsigned int *)field(s, row->at) = i;
			return 0;
		}
	allowed = list_allowed(row->choices);
	return refuse(row, where, word, allowed ?: "others");
}

/* Without a word it is the default again. */
static int set_single(struct settings *s, const struct setting *row, const char *word, const char *where)
{
	const char *wrong = word && row->check ? row->check(row, word, 0) : NULL;
	int r;

	if (wrong)
		return refuse(row, where, word, wrong);
	if (row->choices)
		r = choose(s, row, word ?: row->choices[0], where);
	else
		r = string_set(field(s, row->at), word ?: row->usual);
	return r < 0 ? r : string_set(field(s, row->from), word ? where : NULL);
}

static const struct setting *find_setting(const char *key)
{
	SETTING_FOREACH(row)
	if (streq(row->key, key))
		return row;
	return NULL;
}

static int no_key(const char *key, const char *where)
{
	_cleanup_free_ char *keys = list_allowed(NULL);

	log_error("cannot use %s: there is no key \"%s\"; there are %s", where, key, keys ?: "others");
	return -EINVAL;
}

int settings_set(struct settings *s, const char *key, const char *value, bool append, const char *where)
{
	const struct setting *row = find_setting(key);
	_cleanup_strv_ char **words = NULL;
	int r;

	if (!row)
		return no_key(key, where);
	r = words_split(value, &words);
	if (r == -EINVAL)
		log_error("cannot use %s: a quote is opened and not closed in: %s", where,
			  value + strspn(value, " \t"));
	if (r < 0)
		return r;
	if (row->list)
		return set_list(s, row, words, append, where);
	if (append) {
		log_error("cannot use %s: %s is one value, not a list: it is set by =, not by +=", where, key);
		return -EINVAL;
	}
	if (words && words[1]) {
		log_error("cannot use %s: %s is one value, \"%s\" is one too many; quotes keep blanks", where, key,
			  words[1]);
		return -EINVAL;
	}
	return set_single(s, row, words ? words[0] : NULL, where);
}

/* "--omit-modules" for omit_modules. */
static char *option_name(const char *key)
{
	char *name;

	if (asprintf(&name, "--%s", key) < 0)
		return NULL;
	for (char *p = name; *p; p++)
		if (*p == '_')
			*p = '-';
	return name;
}

int settings_apply(const struct settings_options *options, struct settings *s)
{
	SETTING_FOREACH(row)
	{
		const void *given = (const char *)options + row->option;
		const char *const single[] = { row->list ? NULL : *(const char *const *)given, NULL };
		char *const *texts = row->list ? *(char **const *)given : (char *const *)single;
		_cleanup_free_ char *where = option_name(row->key);

		if (!where)
			return -ENOMEM;
		STRV_FOREACH (text, texts) {
			int r = settings_set(s, row->key, *text, row->list, where);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static char *describe(const char *before, const char *key, const char *from)
{
	bool option = startswith(from, "--");
	char *text;

	if (asprintf(&text, "%s%s%s%s%s", before, option ? from : key, option ? "" : " (", option ? "" : from,
		     option ? "" : ")") < 0)
		return NULL;
	return text;
}

char *settings_asked(const char *key, const char *from)
{
	return describe("", key, from);
}

char *settings_reason(const char *key, const char *from)
{
	const char *slash = strrchr(from, '/');

	return describe("asked for: ", key, slash ? slash + 1 : from);
}

/* So that words_split() finds it again: a part with one of the two quotes stands between two of the other. */
static void print_word(const char *word)
{
	if (*word && *word != '#' && !strpbrk(word, " \t\"'")) {
		printf(" %s", word);
		return;
	}
	printf(*word ? " " : " \"\"");
	while (*word) {
		char quote = *word == '"' ? '\'' : '"';
		size_t n = strcspn(word, (char[]){ quote, '\0' });

		printf("%c%.*s%c", quote, (int)n, word, quote);
		word += n;
	}
}

/* Words that were asked for at one place are on one line, so that pairs stay together. */
static void print_list(const char *key, char *const *words, char *const *from)
{
	for (size_t i = 0; words && words[i]; i++) {
		if (i == 0 || !streq(from[i], from[i - 1]))
			printf("%s +=", key);
		print_word(words[i]);
		if (!words[i + 1] || !streq(from[i], from[i + 1]))
			printf("  # %s\n", from[i]);
	}
}

int settings_print(const struct settings *s)
{
	SETTING_FOREACH(row)
	{
		const char *from = *(char **)field(s, row->from);

		if (row->list) {
			print_list(row->key, *(char ***)field(s, row->at), *(char ***)field(s, row->from));
			continue;
		}
		printf("%s =", row->key);
		print_word(row->choices ? row->choices[*(unsigned int *)field(s, row->at)]
					: *(char **)field(s, row->at));
		printf("  # %s\n", from ?: "the default");
	}
	return fflush(stdout) == 0 ? 0 : -errno;
}

void settings_free(struct settings *s)
{
	SETTING_FOREACH(row)
	{
		if (row->list) {
			strv_free(*(char ***)field(s, row->at));
			strv_free(*(char ***)field(s, row->from));
			continue;
		}
		free(*(char **)field(s, row->from));
		if (!row->choices)
			free(*(char **)field(s, row->at));
	}
	*s = (struct settings){ 0 };
}

void settings_options_free(struct settings_options *o)
{
	SETTING_FOREACH(row)
	{
		char ***texts = (void *)((char *)o + row->option);

		if (row->list)
			strv_free(TAKE_PTR(*texts));
	}
}
