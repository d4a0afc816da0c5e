/* SPDX-License-Identifier: MIT */
/* script: what runs a "#!" file. */
#include <errno.h>

#include "base/strv.h"
#include "image/script.h"

#define LINE_MAX_BYTES 256 /* BINPRM_BUF_SIZE, include/uapi/linux/binfmts.h */

/* env's own options, and the variables that it sets, stand before the program's name. */
static const char *env_program(char *const *words)
{
	STRV_FOREACH(word, words)
		if (**word != '-' && !strchr(*word, '='))
			return *word;
	return NULL;
}

int script_interpreter(const void *data, size_t size, char **ret_interpreter, char **ret_name)
{
	_cleanup_free_ char *line = NULL, *interpreter = NULL, *name = NULL;
	_cleanup_strv_ char **words = NULL;
	const char *base;
	int r;

	if (size < 2 || memcmp(data, "#!", 2) != 0)
		return 0;
	line = strndup((const char *)data + 2, MIN(size, (size_t)LINE_MAX_BYTES) - 2);
	if (!line)
		return -ENOMEM;
	line[strcspn(line, "\n")] = '\0';
	r = strv_split(&words, line, " \t");
	if (r < 0 || !words)
		return r;
	base = strrchr(words[0], '/');
	interpreter = strdup(words[0]);
	if (base && streq(base, "/env") && env_program(words + 1)) {
		name = strdup(env_program(words + 1));
		if (!name)
			return -ENOMEM;
	}
	if (!interpreter)
		return -ENOMEM;
	*ret_interpreter = TAKE_PTR(interpreter);
	*ret_name = TAKE_PTR(name);
	return 0;
}
