/* SPDX-License-Identifier: MIT */
/* keymap-file: keymaps(5) of the sysroot, by name, with the files that they include. */
#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/content.h"
#include "image/decompress.h"
#include "image/keymap-file.h"

#define TEXT_MAX  (1U << 20)
#define DEPTH_MAX 6

/* Debian; Arch and others; Fedora and SUSE. */
static const char *const roots[] = { "/usr/share/keymaps", "/usr/share/kbd/keymaps", "/usr/lib/kbd/keymaps", NULL };
static const char *const suffixes[] = { "", ".map", ".kmap", ".inc" };

/* Maps of keyboards that send other codes have the same names. */
static bool is_foreign(const char *name)
{
	static const char *const machines[] = { "amiga", "atari", "mac", "ppc", "sun", NULL };

	for (size_t i = 0; machines[i]; i++)
		if (streq(name, machines[i]))
			return true;
	return false;
}

static int list_files(const struct sysroot *s, const char *dir, unsigned int depth, char ***ret)
{
	_cleanup_strv_ char **names = NULL;
	int r = sysroot_list(s, dir, "", &names);

	STRV_FOREACH(name, names) {
		_cleanup_free_ char *path = NULL;
		struct stat st;

		if (r < 0 || asprintf(&path, "%s/%s", dir, *name) < 0)
			return r < 0 ? r : -ENOMEM;
		if (sysroot_stat(s, path, &st) < 0)
			continue;
		if (S_ISREG(st.st_mode))
			r = strv_push(ret, path);
		else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX && !is_foreign(*name))
			r = list_files(s, path, depth + 1, ret);
	}
	return r;
}

/* Is that file `name`, but for what may follow it? */
static bool is_named(const char *path, const char *name)
{
	const char *rest = startswith(strrchr(path, '/') + 1, name);

	for (size_t i = 0; rest && i < ARRAY_SIZE(suffixes); i++) {
		const char *gz = startswith(rest, suffixes[i]);

		if (gz && (!*gz || streq(gz, ".gz")))
			return true;
	}
	return false;
}

static bool is_beside(const char *path, const char *other)
{
	size_t n = (size_t)(strrchr(other, '/') + 1 - other);

	return strncmp(path, other, n) == 0 && !strchr(path + n, '/');
}

/*
 * As loadkeys(1) looks: what a file includes, beside it first; a keymap by its name, among those of the PC first, and
 * not among the pieces that others include.
 */
static const char *choose(char *const *files, const char *name, const char *from)
{
	const char *found = NULL;

	STRV_FOREACH(file, files) {
		bool first = from ? is_beside(*file, from) : strstr(*file, "/i386/") != NULL;

		if (!is_named(*file, name) || (!from && strstr(*file, "/include/")))
			continue;
		if (first)
			return *file;
		if (!found)
			found = *file;
	}
	return found;
}

static int list_all(const struct sysroot *s, char ***ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && roots[i]; i++)
		r = list_files(s, roots[i], 0, ret);
	return r;
}

int keymap_file_find(const struct sysroot *s, const char *name, char **ret)
{
	_cleanup_strv_ char **files = NULL;
	int r = list_all(s, &files);
	const char *found = r == 0 ? choose(files, name, NULL) : NULL;

	if (r < 0)
		return r;
	return found ? string_set(ret, found) : -ENOENT;
}

static int read_text(const struct sysroot *s, const char *path, char **ret)
{
	_cleanup_close_ int fd = sysroot_open_file(s, path, O_RDONLY);
	_cleanup_content_ struct content c = { 0 };
	struct decompressed d = { 0 };
	int r = fd < 0 ? fd : content_open_fd(fd, &c);

	if (r < 0)
		return r;
	if (decompress_format(c.data, c.size)) {
		r = decompress_all(c.data, c.size, TEXT_MAX, &d);
		*ret = r == 0 ? strndup(d.data, d.size) : NULL;
		free(d.data);
	} else {
		*ret = strndup(c.data, c.size);
	}
	return r < 0 ? r : *ret ? 0 : -ENOMEM;
}

/* `files`: all that there are, for what one includes. */
static int add_file(struct build *b, char *const *files, const char *path, const struct tree_node *by);

static int add_included(struct build *b, char *const *files, const char *from, const char *name,
			const struct tree_node *by)
{
	const char *path = choose(files, name, from);

	if (path)
		return add_file(b, files, path, by);
	log_error("cannot take in the keymap %s from %s: it includes \"%s\", which is not there", from,
		  b->config->sysroot.path, name);
	return -ENOENT;
}

/* keymaps(5): include "linux-with-alt-and-altgr" */
static int add_all_included(struct build *b, char *const *files, const char *from, const char *text,
			    const struct tree_node *by)
{
	int r = 0;

	for (const char *line = text; r == 0 && line; line = strchr(line, '\n'), line += line ? 1 : 0) {
		const char *rest = startswith(line + strspn(line, " \t"), "include");
		_cleanup_free_ char *name = NULL;

		if (rest)
			rest += strspn(rest, " \t");
		if (!rest || *rest != '"')
			continue;
		name = strndup(rest + 1, strcspn(rest + 1, "\"\n"));
		r = name ? add_included(b, files, from, name, by) : -ENOMEM;
	}
	return r;
}

static int add_file(struct build *b, char *const *files, const char *path, const struct tree_node *by)
{
	_cleanup_free_ char *plain = strndup(path + 1, strlen(path + 1) - (endswith(path, ".gz") ? 3 : 0));
	_cleanup_free_ char *text = NULL;
	const struct tree_node *node;
	int r = plain ? 0 : -ENOMEM;

	if (r == 0 && tree_find(&b->tree, plain))
		return 0;
	if (r == 0)
		r = read_text(&b->config->sysroot, path, &text);
	if (r == 0)
		r = tree_add(&b->tree,
			     &(struct tree_node){ .path = plain,
						  .mode = S_IFREG | 0644,
						  .flags = TREE_DATA,
						  .bytes = text,
						  .size = strlen(text),
						  .reason = by ? "included by" : "the keyboard's layout at the prompt",
						  .by = by },
			     &node);
	if (r < 0)
		return log_errno(r, "cannot take in the keymap %s from %s", path, b->config->sysroot.path);
	return add_all_included(b, files, path, text, node);
}

int keymap_file_add(struct build *b, const char *path)
{
	_cleanup_strv_ char **files = NULL;
	int r = list_all(&b->config->sysroot, &files);

	if (r < 0)
		return log_errno(r, "cannot list the keymaps of %s", b->config->sysroot.path);
	return add_file(b, files, path, NULL);
}
