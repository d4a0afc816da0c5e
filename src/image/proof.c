/* SPDX-License-Identifier: MIT */
/* proof: what the proofs ask of an image's files. */
#include <errno.h>

#include "base/strv.h"
#include "image/content.h"
#include "image/omit.h"
#include "image/proof.h"

#define TEXT_MAX ((size_t)1 << 20)

const struct tree_node *proof_program(const struct proof *p, const char *path)
{
	const struct tree_node *n = tree_lookup(p->subject->tree, path);

	return n && S_ISREG(n->mode) && n->mode & 0111 ? n : NULL;
}

int proof_text(const struct proof *p, const char *path, char **ret)
{
	const struct tree_node *n = tree_lookup(p->subject->tree, path);
	_cleanup_content_ struct content content = { 0 };
	int r;

	if (!n || !S_ISREG(n->mode))
		return -ENOENT;
	r = content_open(n, &content);
	if (r < 0)
		return r;
	if (content.size > TEXT_MAX)
		return -EFBIG;
	*ret = strndup(content.data, content.size);
	return *ret ? 0 : -ENOMEM;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int proof_list(const struct proof *p, const char *dir, const char *suffix, char ***ret)
{
	const struct tree_node *top = tree_lookup(p->subject->tree, dir);
	size_t n = top ? strlen(top->path) : 0, before = strv_length(*ret);

	TREE_FOREACH(node, p->subject->tree)
	{
		if (!top || strncmp(node->path, top->path, n) != 0 || node->path[n] != '/' ||
		    strchr(node->path + n + 1, '/') || !endswith(node->path, suffix))
			continue;
		if (strv_push(ret, node->path) < 0)
			return -ENOMEM;
	}
	if (*ret)
		qsort(*ret + before, strv_length(*ret) - before, sizeof(char *), compare);
	return 0;
}

/* "blacklist NAME" and "install NAME /bin/true", modprobe.d(5). */
static int read_line(struct proof *p, char *line, const char *file)
{
	char *rest = line, *verb = strtok_r(line, " \t", &rest), *name = verb ? strtok_r(NULL, " \t", &rest) : NULL;
	int r;

	if (!name ||
	    (!streq(verb, "blacklist") && !(streq(verb, "install") && omit_is_refusal(rest + strspn(rest, " \t")))))
		return 0;
	for (char *c = name; (c = strchr(c, '-'));)
		*c = '_';
	r = strv_push(&p->refused, name);
	return r == 0 ? strv_push(&p->refused, file) : r;
}

int proof_read_refused(struct proof *p)
{
	static const char *const dirs[] = { "etc/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d" };
	_cleanup_strv_ char **files = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++)
		r = proof_list(p, dirs[i], ".conf", &files);
	STRV_FOREACH(file, files) {
		_cleanup_free_ char *text = NULL;
		char *rest, *line;

		if (r < 0 || proof_text(p, *file, &text) < 0)
			continue;
		for (rest = text; r == 0 && (line = strsep(&rest, "\n"));)
			r = read_line(p, line, *file);
	}
	return r;
}

const char *proof_refused(const struct proof *p, const char *module)
{
	for (char *const *pair = p->refused; pair && pair[0]; pair += 2)
		if (streq(pair[0], module))
			return pair[1];
	return NULL;
}

bool proof_serves(const struct proof *p, const char *module)
{
	return p->indexed && (modset_has(&p->have, module, NULL) || modset_is_builtin(&p->have, module));
}

bool proof_lacks(const struct proof *p, const char *module)
{
	_cleanup_free_ char *row = NULL;

	if (proof_serves(p, module))
		return false;
	/* What this kernel does not have as a module it has built in, or does without. */
	return !p->known || modset_row(&p->all, module, &row) == 0;
}
