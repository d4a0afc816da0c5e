/* SPDX-License-Identifier: MIT */
/* wanted: the modules that the settings ask for. */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/omit.h"
#include "image/wanted.h"

char *module_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return strndup(name, strcspn(name, "."));
}

static int push(char ***list, const char *word, char ***notes, const char *note)
{
	int r = strv_push(list, word);

	return r < 0 ? r : strv_push(notes, note);
}

/* 1: it is, under the name of a module that it stands for or its own; 0 or -errno. */
static int is_listed(struct modules *m, const char *name)
{
	_cleanup_strv_ char **paths = NULL;
	int r;

	if (strv_contains(m->first, name))
		return 1;
	r = modules_find(m, name, &paths);
	STRV_FOREACH(path, paths) {
		_cleanup_free_ char *module = module_name(*path);

		if (!module)
			return -ENOMEM;
		if (strv_contains(m->first, module))
			return 1;
	}
	return MIN(r, 0);
}

int modules_load_first(struct modules *m, const char *name, const char *why)
{
	int r = is_listed(m, name);

	return r < 0 ? r : r > 0 ? 0 : push(&m->first, name, &m->first_why, why);
}

/* "name?" may be missing, as in mkinitcpio.conf(5). `*ret` is "name". */
static int strip_optional(const char *word, bool *ret_optional, char **ret)
{
	size_t n = strlen(word);

	*ret_optional = n > 1 && word[n - 1] == '?';
	*ret = strndup(word, n - *ret_optional);
	return *ret ? 0 : -ENOMEM;
}

/* An entry of omit_modules for that module or one that it depends on. */
struct omission {
	const char *entry, *from;
	char *path; /* of which of them, owned */
};

static bool find_omission(const struct settings *s, const char *path, struct omission *ret)
{
	for (size_t i = 0; s->omit_modules && s->omit_modules[i]; i++) {
		if (!omit_names((char *[]){ s->omit_modules[i], NULL }, path))
			continue;
		*ret = (struct omission){ s->omit_modules[i], s->omit_modules_from[i], strdup(path) };
		return true;
	}
	return false;
}

static bool is_omitted(const struct modules *m, const char *path, struct omission *ret)
{
	const struct settings *s = &m->build->config->settings;
	_cleanup_strv_ char **needed = NULL;
	size_t i = 0;

	if (find_omission(s, path, ret))
		return true;
	while (i < m->n && !streq(m->paths[i], path))
		i++;
	if (!s->omit_modules || i == m->n || strv_split(&needed, m->paths[i] + strlen(path) + 1, " ") < 0)
		return false;
	STRV_FOREACH (other, needed)
		if (find_omission(s, *other, ret))
			return true;
	return false;
}

/* `what`: "asked for by modules (/etc/slipway.conf:3)". */
static int refuse_omission(const char *path, const char *what, const struct omission *o)
{
	_cleanup_free_ char *omitted = settings_asked("omit_modules", o->from);
	_cleanup_free_ char *name = module_name(path), *other = o->path ? module_name(o->path) : NULL;
	bool same = streq_null(o->path, path);

	log_error("cannot take in module %s, %s: %s%s%s is left out by %s", name ?: path, what, same ? "it" : "module ",
		  same ? "" : other ?: o->entry, same ? "" : ", which it depends on,", omitted ?: "omit_modules");
	return -EINVAL;
}

static void omission_free(struct omission *o)
{
	free(TAKE_PTR(o->path));
}

struct request {
	const char *key, *word, *from;
	bool load; /* and loaded first */
};

static int check_taken(const struct modules *m, const struct request *q, const char *path)
{
	const struct config *c = m->build->config;
	_cleanup_free_ char *at = NULL, *asked = settings_asked(q->key, q->from);

	if (asprintf(&at, "lib/modules/%s/%s", c->kernel, path) < 0)
		return -ENOMEM;
	if (tree_lookup(&m->build->tree, at))
		return 0;
	log_error("cannot take in module %s, asked for by %s: modprobe.d in %s has \"install\" and /bin/true or false "
		  "for "
		  "it, so that it is never loaded",
		  q->word, asked ?: q->key, c->sysroot.path);
	return -EINVAL;
}

static int add_path(struct modules *m, const struct request *q, const char *path)
{
	_cleanup_free_ char *name = module_name(path), *reason = settings_reason(q->key, q->from);
	int r;

	if (!name || !reason)
		return -ENOMEM;
	r = modules_add_name(m, name, reason, NULL);
	/* Of a path a part may be left out, of what is named nothing. */
	if (r == 0 && !strchr(q->word, '/'))
		r = check_taken(m, q, path);
	return r < 0 || !q->load ? r : modules_load_first(m, name, reason);
}

static int no_such(const struct modules *m, const struct request *q, const char *what)
{
	log_error("cannot take in module %s, %s: kernel %s has none %s, nor is it built in; \"%s?\" is allowed to be "
		  "missing",
		  q->word, what, m->build->config->kernel,
		  strchr(q->word, '/') ? "whose path begins so" : "of that name or alias", q->word);
	return -ENOENT;
}

/* Of what a path or an alias stands for a part may be left out, but not all. */
static int add_paths(struct modules *m, const struct request *q, char *const *paths, const char *what)
{
	_cleanup_(omission_free) struct omission omission = { 0 };
	const char *omitted = NULL;
	size_t added = 0;
	int r = 0;

	STRV_FOREACH (path, paths) {
		omission_free(&omission);
		if (is_omitted(m, *path, &omission)) {
			omitted = *path;
			continue;
		}
		r = add_path(m, q, *path);
		if (r < 0)
			return r;
		added++;
	}
	return omitted && added == 0 ? refuse_omission(omitted, what, &omission) : 0;
}

static int add_request(struct modules *m, const struct request *q)
{
	_cleanup_strv_ char **paths = NULL;
	_cleanup_free_ char *name = NULL, *asked = settings_asked(q->key, q->from), *what = NULL;
	bool optional;
	int r = strip_optional(q->word, &optional, &name);

	if (r < 0 || !asked || asprintf(&what, "asked for by %s", asked) < 0)
		return -ENOMEM;
	r = modules_find(m, name, &paths);
	if (r == 0 && !paths && !optional)
		return no_such(m, q, what);
	return r < 0 ? r : add_paths(m, q, paths, what);
}

static int add_list(struct modules *m, const char *key, char *const *words, char *const *from, bool load)
{
	int r = 0;

	for (size_t i = 0; r == 0 && words && words[i]; i++)
		r = add_request(m, &(struct request){ .key = key, .word = words[i], .from = from[i], .load = load });
	return r;
}

int wanted_add(struct modules *m)
{
	const struct settings *s = &m->build->config->settings;
	int r = add_list(m, "force_modules", s->force_modules, s->force_modules_from, true);

	return r < 0 ? r : add_list(m, "modules", s->modules, s->modules_from, false);
}

int wanted_check(struct modules *m, const char *name, const char *what)
{
	_cleanup_(omission_free) struct omission omission = { 0 };
	_cleanup_strv_ char **paths = NULL;
	int r = modules_find(m, name, &paths);

	if (r < 0 || !paths || !is_omitted(m, paths[0], &omission))
		return MIN(r, 0);
	return refuse_omission(paths[0], what, &omission);
}

/* Init loads these before it waits for anything. */
int wanted_finish(struct modules *m)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out;

	if (!m->first)
		return 0;
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; m->first[i]; i++) {
		if (i == 0 || !streq(m->first_why[i], m->first_why[i - 1]))
			(void)fprintf(out, "# %s\n", m->first_why[i]);
		(void)fprintf(out, "%s\n", m->first[i]);
	}
	if (fclose(out) != 0)
		return -ENOMEM;
	return tree_add(&m->build->tree,
			&(struct tree_node){ .path = "etc/modules-load.d/slipway.conf",
					     .mode = S_IFREG | 0644,
					     .flags = TREE_DATA,
					     .bytes = text,
					     .size = size,
					     .reason = "what init loads first" },
			NULL);
}
