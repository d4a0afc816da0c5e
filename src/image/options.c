/* SPDX-License-Identifier: MIT */
/* options: a command's words, by a table that --help prints too. */
#include <errno.h>
#include <getopt.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/options.h"

#define ROWS_MAX 64 /* of one command */
#define ROW_BASE 256 /* getopt_long() answers with this and the row's number: above all letters */

struct getopt_tables {
	struct option longs[ROWS_MAX + 1];
	char shorts[ROWS_MAX * 2 + 2];
};

static char letter_of(const struct option_row *row)
{
	return (char)(row->letter & ~OPTION_MANY);
}

static void fill_tables(const struct option_row *rows, struct getopt_tables *t)
{
	char *p = t->shorts;

	*p++ = ':'; /* a missing argument is told apart from an unknown option */
	for (int i = 0; rows[i].name && i < ROWS_MAX; i++) {
		t->longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument : no_argument,
			.val = ROW_BASE + i,
		};
		if (!letter_of(&rows[i]))
			continue;
		*p++ = letter_of(&rows[i]);
		if (rows[i].argument)
			*p++ = ':';
	}
}

static const struct option_row *find_row(const struct option_row *rows, int answer)
{
	if (answer >= ROW_BASE)
		return &rows[answer - ROW_BASE];
	for (const struct option_row *row = rows; row->name; row++)
		if (letter_of(row) == answer)
			return row;
	return NULL;
}

static char *names(const struct option_row *rows)
{
	_cleanup_free_ char *text = strdup("");

	for (; text && rows->name; rows++) {
		char *longer;

		if (asprintf(&longer, "%s%s--%s", text, *text ? " " : "", rows->name) < 0)
			return NULL;
		free(text);
		text = longer;
	}
	return TAKE_PTR(text);
}

static int refuse(const struct option_row *rows, int answer, const char *word)
{
	_cleanup_free_ char *allowed = names(rows);

	if (answer == ':')
		log_error("cannot use %s: it needs an argument", word);
	else if (optopt >= ROW_BASE)
		log_error("cannot use %s: it takes no argument", word);
	else
		log_error("cannot use %s: no such option here; there are %s", word,
			  allowed ?: "others");
	return -EINVAL;
}

static int take(const struct option_row *row, void *at)
{
	if (row->letter & OPTION_MANY)
		return strv_push(at, optarg);
	if (row->argument)
		*(const char **)at = optarg;
	else
		*(bool *)at = true;
	return 0;
}

int options_parse(const struct option_row *rows, int argc, char *argv[], void *target,
		  char ***ret_words)
{
	struct getopt_tables t = { 0 };
	int answer, before;

	fill_tables(rows, &t);
	optind = 0; /* glibc: begin anew, see getopt(3) */
	opterr = 0;
	while (before = MAX(optind, 1),
	       (answer = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		const struct option_row *row = find_row(rows, answer);

		if (!row)
			return refuse(rows, answer, argv[optind > before ? optind - 1 : before]);
		if (take(row, (char *)target + row->at) < 0)
			return log_errno(-ENOMEM, "cannot take --%s", row->name);
	}
	*ret_words = argv + optind;
	return 0;
}

void options_print(const struct option_row *rows)
{
	for (; rows->name; rows++) {
		_cleanup_free_ char *left = NULL;
		char letter[] = { '-', letter_of(rows), ',', '\0' };

		if (asprintf(&left, "%s --%s%s%s", letter[1] ? letter : "   ", rows->name,
			     rows->argument ? " " : "", rows->argument ?: "") < 0)
			return;
		printf("  %-26s %s\n", left, rows->help);
	}
}
