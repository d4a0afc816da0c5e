/* SPDX-License-Identifier: MIT */
/* program: a program of the sysroot by its name. */
#include <errno.h>

#include "base/log.h"
#include "image/program.h"
#include "image/pull.h"

const char *const program_dirs[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin", NULL };

int program_find(const struct sysroot *s, const char *name, char **ret)
{
	for (size_t i = 0; program_dirs[i]; i++) {
		_cleanup_free_ char *path = NULL;
		struct stat st;

		if (asprintf(&path, "%s/%s", program_dirs[i], name) < 0)
			return -ENOMEM;
		if (sysroot_stat(s, path, &st) < 0 || !S_ISREG(st.st_mode) ||
		    !(st.st_mode & 0111))
			continue;
		*ret = TAKE_PTR(path);
		return 0;
	}
	return -ENOENT;
}

int program_add_below(struct build *b, const char *below, const char *name, const char *reason)
{
	const struct sysroot *s = &b->config->sysroot;
	_cleanup_free_ char *path = NULL;
	int r = program_find(s, name, &path);

	if (r == 0)
		r = pull(&b->tree, s, &(struct pull){ .path = path, .below = below, .reason = reason }, NULL);
	return r < 0 && path ? log_errno(r, "cannot take in %s from %s for the exitrd", path, s->path) : r;
}

int program_add(struct build *b, const char *name, const char *usual, const char *reason,
		const struct tree_node **ret)
{
	const struct sysroot *s = &b->config->sysroot;
	_cleanup_free_ char *path = NULL;
	const struct tree_node *node;
	int r = program_find(s, name, &path);

	if (r < 0)
		return r;
	r = pull(&b->tree, s, &(struct pull){ .path = path, .reason = reason }, &node);
	if (r == 0)
		r = tree_alias(&b->tree, usual, path, node);
	if (r < 0)
		return log_errno(r, "cannot take in %s from %s", path, s->path);
	if (ret)
		*ret = node;
	return 0;
}
