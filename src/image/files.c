/* SPDX-License-Identifier: MIT */
/* files: what the settings ask for by path: `files` of the sysroot, `install` of this machine. */
#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/build.h"
#include "image/pull.h"

struct request {
	struct tree *tree;
	const struct sysroot *from; /* of `install`: this machine's own root */
	bool installs;
	const char *asked, *reason;
};

static int add(const struct request *q, const char *path, const char *to);

/* `to`: where it was to be. */
static int fail(const struct request *q, const char *path, const char *to, int r)
{
	_cleanup_free_ char *name = sysroot_path(q->from, path);
	const char *why = r == -EINVAL ? "it is neither a file nor a directory" : strerror(-r);

	log_error("cannot take in %s%s%s, asked for by %s: %s", name ?: path, q->installs ? " as /" : "",
		  q->installs ? to : "", q->asked, why);
	return r;
}

/* What lies in a directory goes with it; `path` and `to` have no symlinks in them. */
static int add_entries(const struct request *q, const char *path, const char *to)
{
	_cleanup_strv_ char **names = NULL;
	int r = sysroot_list_all(q->from, path, &names);

	if (r < 0)
		return fail(q, path, to, r);
	STRV_FOREACH (name, names) {
		_cleanup_free_ char *from = NULL, *at = NULL;

		if (asprintf(&from, "%s/%s", path, *name) < 0 || asprintf(&at, "%s/%s", to, *name) < 0)
			return -ENOMEM;
		r = add(q, from, at);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Found in a directory: a link to a file brings that along, inside of one tree; any other is just a link. Whoever
 * wants the directory that it leads to can name that.
 */
static int add_link(const struct request *q, const char *path, const char *to, const char *target)
{
	struct tree_node link = { .path = to, .mode = S_IFLNK | 0777, .target = target, .reason = q->reason };
	struct stat st;
	int r;

	if (!q->installs && sysroot_stat(q->from, path, &st) == 0 && S_ISREG(st.st_mode))
		r = pull(q->tree, q->from, &(struct pull){ .path = path, .reason = q->reason }, NULL);
	else
		r = tree_add(q->tree, &link, NULL);
	return r < 0 ? fail(q, path, to, r) : 0;
}

static int add_file(const struct request *q, const char *path, const char *to)
{
	_cleanup_free_ char *source = NULL;
	struct tree_node file = {
		.path = to,
		.mode = S_IFREG,
		.source_root = q->installs ? AT_FDCWD : q->from->fd,
		.reason = q->reason,
	};
	int r;

	/* The tree outlives q->from, where that is this machine's own. */
	if (asprintf(&source, "%s%s", q->installs ? "/" : "", path) < 0)
		return -ENOMEM;
	file.source = source;
	r = tree_add(q->tree, &file, NULL);
	return r < 0 ? fail(q, path, to, r) : 0;
}

static int add_directory(const struct request *q, const char *path, const char *to, mode_t mode)
{
	int r = tree_add(q->tree,
			 &(struct tree_node){ .path = to, .mode = S_IFDIR | (mode & 0755), .reason = q->reason }, NULL);

	return r < 0 ? fail(q, path, to, r) : add_entries(q, path, to);
}

static int add(const struct request *q, const char *path, const char *to)
{
	_cleanup_free_ char *target = NULL, *name = NULL;
	struct stat st;
	int r = sysroot_look((void *)q->from, path, &target);

	if (r > 0)
		return add_link(q, path, to, target);
	if (r == 0)
		r = sysroot_stat(q->from, path, &st);
	if (r < 0)
		return fail(q, path, to, r);
	if (S_ISDIR(st.st_mode))
		return add_directory(q, path, to, st.st_mode);
	if (S_ISREG(st.st_mode))
		return add_file(q, path, to);
	name = sysroot_path(q->from, path);
	log_warning("%s, asked for by %s, is neither a file nor a directory nor a symlink, ignoring", name ?: path,
		    q->asked);
	return 0;
}

/* To the same place, by the symlinks that lead to it. */
static int add_named(const struct request *q, const char *path)
{
	_cleanup_free_ char *real = NULL;
	const struct tree_node *node;
	int r = pull(q->tree, q->from, &(struct pull){ .path = path, .reason = q->reason }, &node);

	if (r == 0 && S_ISDIR(node->mode))
		r = sysroot_resolve(q->from, path, &real);
	if (r < 0)
		return fail(q, path, NULL, r);
	return real ? add_entries(q, real, node->path) : 0;
}

static int install(const struct request *q, const char *path, const char *to)
{
	_cleanup_free_ char *real = NULL;
	const struct tree_node *there;
	struct stat st;
	int r = sysroot_resolve(q->from, path, &real);

	to += strspn(to, "/");
	if (r < 0)
		return fail(q, path, to, r);
	there = tree_lookup(q->tree, to);
	if (there && !S_ISDIR(there->mode)) {
		log_error("cannot take in %s as /%s, asked for by %s: there is one already (\"%s\")", path, to,
			  q->asked, there->reason);
		return -EEXIST;
	}
	r = sysroot_stat(q->from, real, &st);
	if (r == 0 && !S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		r = -EINVAL;
	return r < 0 ? fail(q, path, to, r) : add(q, real, to);
}

/* `step` 1: paths; 2: pairs. */
static int add_list(struct request *q, const char *key, char *const *words, char *const *from, size_t step)
{
	for (size_t i = 0; words && words[i]; i += step) {
		_cleanup_free_ char *asked = settings_asked(key, from[i]), *reason = settings_reason(key, from[i]);
		int r;

		if (!asked || !reason)
			return -ENOMEM;
		q->asked = asked;
		q->reason = reason;
		r = step == 1 ? add_named(q, words[i]) : install(q, words[i], words[i + 1]);
		if (r < 0)
			return r;
	}
	return 0;
}

int files_add(struct build *b)
{
	const struct settings *s = &b->config->settings;
	_cleanup_sysroot_ struct sysroot host = SYSROOT_NONE;
	struct request files = { .tree = &b->tree, .from = &b->config->sysroot };
	struct request installs = { .tree = &b->tree, .from = &host, .installs = true };
	int r = sysroot_open("/", &host);

	if (r < 0)
		return log_errno(r, "cannot open /");
	r = add_list(&files, "files", s->files, s->files_from, 1);
	return r < 0 ? r : add_list(&installs, "install", s->install, s->install_from, 2);
}
