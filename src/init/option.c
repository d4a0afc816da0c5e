/* SPDX-License-Identifier: MIT */
/* option: reading the value of a word of the kernel command line. */
#include "init/option.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/strv.h"

int option_warn(struct boot *b, const struct cmdline_word *w, const char *allowed)
{
	_cleanup_free_ char *text = NULL;

	if (asprintf(&text, "%s=%s on the command line is not understood (allowed: %s), ignoring", w->key,
		     w->value ? w->value : "", allowed) < 0)
		return -ENOMEM;
	return strv_push(&b->warnings, text);
}

int option_spec(struct boot *b, const struct cmdline_word *w, struct spec *spec)
{
	struct spec s;
	int r = spec_parse(w->value ? w->value : "", &s);

	if (r == -EINVAL)
		return option_warn(b, w, spec_allowed);
	if (r < 0)
		return r;
	spec_free(spec);
	*spec = s;
	return 0;
}

int option_span(struct boot *b, const struct cmdline_word *w, uint64_t *ret)
{
	uint64_t usec;

	if (clock_parse_span(w->value ? w->value : "", &usec) < 0)
		return option_warn(b, w, "seconds, or a time span such as 1min 30s");
	*ret = usec;
	return 0;
}

/* One of the words of a table that ends in { NULL }. */
int option_choice(struct boot *b, const struct cmdline_word *w, const struct option_choice *choices,
		      const char *allowed, int *ret)
{
	for (; choices->word; choices++)
		if (w->value && streq(w->value, choices->word)) {
			*ret = choices->value;
			return 0;
		}
	return option_warn(b, w, allowed);
}

/* Bare is yes; what is neither yes nor no changes nothing: rd.shell=maybe gives no shell. */
int option_answer(struct boot *b, const struct cmdline_word *w, enum tristate *ret)
{
	int answer = cmdline_answer(w->value);

	if (answer < 0)
		return option_warn(b, w, "1, yes, true, on, 0, no, false, off");
	*ret = answer ? YES : NO;
	return 0;
}

int option_bool(struct boot *b, const struct cmdline_word *w, bool *ret)
{
	enum tristate answer = UNSET;
	int r = option_answer(b, w, &answer);

	if (answer != UNSET)
		*ret = answer == YES;
	return r;
}

/* A word; an empty one is none. */
int option_text(const struct cmdline_word *w, char **ret)
{
	return string_set(ret, w->value && *w->value ? w->value : NULL);
}

/* Where "auto" means what the device holds. */
int option_fstype(const struct cmdline_word *w, char **ret)
{
	return streq_null(w->value, "auto") ? string_set(ret, NULL) : option_text(w, ret);
}
