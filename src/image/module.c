/* SPDX-License-Identifier: MIT */
/* module: kernel modules of the sysroot, by libkmod, into the tree with all that they need. */
#include <errno.h>
#include <libkmod.h>
#include <stdarg.h>

#include "base/file.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/module-file.h"
#include "image/module.h"
#include "image/omit.h"

/*
 * Weak dependencies came with kmod 33: "of use to it, loaded by nobody". Declared weak, so that a
 * slipway built or run with an older libkmod does without.
 */
int kmod_module_get_weakdeps(const struct kmod_module *mod, struct kmod_list **weak)
	__attribute__((weak));

static void list_free(struct kmod_list **l)
{
	(void)kmod_module_unref_list(*l);
}

/* What it tells names pointers, not causes: it is counted, and shown to who asks for details. */
static void _printf_(6, 0) log_kmod(void *data, int priority, const char *file, int line,
				    const char *fn, const char *format, va_list args)
{
	struct modules *m = data;
	_cleanup_free_ char *text = NULL;

	m->errors += priority <= LOG_ERR;
	if (vasprintf(&text, format, args) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	log_debug("libkmod: %s", text);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* modules.dep names every module: "kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko …". */
static int read_paths(struct modules *m)
{
	const struct sysroot *s = &m->build->config->sysroot;
	_cleanup_free_ char *path = NULL, *text = NULL;
	_cleanup_close_ int fd = -EBADF;
	size_t n = 0;
	int r;

	if (asprintf(&path, "%s/modules.dep", m->build->config->modules) < 0)
		return -ENOMEM;
	fd = sysroot_open_file(s, path, O_RDONLY);
	r = fd < 0 ? fd : file_read_fd(fd, 64 << 20, &text, NULL);
	if (r < 0)
		return log_errno(r, "cannot read %s of %s (depmod makes it: depmod -b %s %s)",
				 path, s->path, s->path, m->build->config->kernel);
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	m->paths = calloc(n + 2, sizeof(char *));
	if (!m->paths)
		return -ENOMEM;
	for (char *p = text, *line; (line = strsep(&p, "\n"));) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = ' ';
		m->paths[m->n] = strdup(line);
		if (!m->paths[m->n])
			return -ENOMEM;
		m->paths[m->n++][colon - line] = '\0';
	}
	qsort(m->paths, m->n, sizeof(char *), compare_paths);
	return 0;
}

int modules_open(struct build *b, struct modules *ret)
{
	const struct sysroot *s = &b->config->sysroot;
	_cleanup_modules_ struct modules m = {
		.build = b,
		.dir = sysroot_path(s, b->config->modules),
	};
	_cleanup_free_ char *etc = sysroot_path(s, "etc/modprobe.d");
	_cleanup_free_ char *usr_lib = sysroot_path(s, "usr/lib/modprobe.d");
	_cleanup_free_ char *lib = sysroot_path(s, "lib/modprobe.d");
	const char *const config[] = { etc, usr_lib, lib, NULL };
	int r;

	if (!m.dir || !etc || !usr_lib || !lib)
		return -ENOMEM;
	r = read_paths(&m);
	if (r < 0)
		return r;
	m.kmod = kmod_new(m.dir, config);
	if (!m.kmod)
		return log_errno(-errno ?: -ENOMEM, "cannot read the modules in %s", m.dir);
	kmod_set_log_fn(m.kmod, log_kmod, &m);
	r = kmod_load_resources(m.kmod);
	if (r < 0)
		return log_errno(
			r, "cannot read the index of the modules in %s (depmod makes it)", m.dir);
	*ret = m;
	m = (struct modules){ 0 };
	kmod_set_log_fn(ret->kmod, log_kmod, ret);
	return 0;
}

void modules_close(struct modules *m)
{
	if (m->kmod)
		(void)kmod_unref(m->kmod);
	for (size_t i = 0; i < m->n; i++)
		free(m->paths[i]);
	free(m->paths);
	free(m->dir);
	strv_free(m->first);
	strv_free(m->first_why);
	strv_free(m->candidates);
	*m = (struct modules){ 0 };
}

static int add_module(struct modules *m, struct kmod_module *mod, const char *reason,
		      const struct tree_node *by);

static int add_list(struct modules *m, struct kmod_list *list, const char *reason,
		    const struct tree_node *by)
{
	struct kmod_list *it;
	int r = 0;

	kmod_list_foreach(it, list) {
		struct kmod_module *mod = kmod_module_get_module(it);

		if (r == 0)
			r = add_module(m, mod, reason, by);
		(void)kmod_module_unref(mod);
	}
	return r;
}

/* Of all that the module needs by modules.dep, the first file that is not there. */
static char *missing_file(const struct modules *m, const char *relative)
{
	const char *const *found = bsearch(&relative, m->paths, m->n, sizeof(char *), compare_paths);
	const struct config *config = m->build->config;
	_cleanup_strv_ char **needed = NULL;

	if (!found || strv_split(&needed, *found + strlen(*found) + 1, " ") < 0)
		return NULL;
	STRV_FOREACH(name, needed) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", config->modules, *name) < 0)
			return NULL;
		if (!sysroot_has(&config->sysroot, path))
			return TAKE_PTR(path);
	}
	return NULL;
}

static int no_dependencies(const struct modules *m, struct kmod_module *mod)
{
	const struct config *config = m->build->config;
	const char *path = kmod_module_get_path(mod);
	_cleanup_free_ char *missing = missing_file(m, path + strlen(m->dir) + 1);

	log_error("cannot take in what module %s needs: %s%s (depmod -b %s %s reads them anew)", path,
		  missing ? "no " : "libkmod cannot read it", missing ?: "", config->sysroot.path,
		  config->kernel);
	return -ENOENT;
}

static int add_needed(struct modules *m, struct kmod_module *mod, const struct tree_node *node)
{
	_cleanup_(list_free) struct kmod_list *before = NULL, *after = NULL, *weak = NULL;
	unsigned int errors = m->errors;
	_cleanup_(list_free) struct kmod_list *depends = kmod_module_get_dependencies(mod);
	int r;

	/* A list that it cannot make looks like none. */
	if (m->errors != errors)
		return no_dependencies(m, mod);
	r = kmod_module_get_softdeps(mod, &before, &after);
	if (r >= 0 && kmod_module_get_weakdeps)
		r = kmod_module_get_weakdeps(mod, &weak);
	if (r < 0)
		return log_errno(r, "cannot read what module %s needs",
				 kmod_module_get_name(mod));
	if ((r = add_list(m, depends, "dependency of", node)) < 0 ||
	    (r = add_list(m, before, "softdep of", node)) < 0 ||
	    (r = add_list(m, after, "softdep of", node)) < 0)
		return r;
	return add_list(m, weak, "weakdep of", node);
}

/* A module without what it depends on would not load: it is left out with it. */
static bool is_omitted(const struct modules *m, const char *relative)
{
	const char *const *row = bsearch(&relative, m->paths, m->n, sizeof(char *), compare_paths);
	char *const *omit = m->build->config->settings.omit_modules;
	_cleanup_strv_ char **needed = NULL;

	if (omit_names(omit, relative)) {
		log_debug("leaving out module %s: omit_modules", relative);
		return true;
	}
	if (!omit || !row || strv_split(&needed, *row + strlen(*row) + 1, " ") < 0)
		return false;
	STRV_FOREACH(path, needed)
		if (omit_names(omit, *path)) {
			log_info("leaving out module %s: it needs %s, which is in omit_modules", relative, *path);
			return true;
		}
	return false;
}

/* modprobe.d can have a command run in place of loading a module. */
static bool is_refused(struct kmod_module *mod)
{
	const char *command = kmod_module_get_install_commands(mod);

	if (!command || !*command)
		return false;
	if (omit_is_refusal(command)) {
		log_debug("leaving out module %s: modprobe.d says \"install %s\"", kmod_module_get_name(mod), command);
		return true;
	}
	log_warning("modprobe.d says to run \"%s\" in place of loading module %s: that takes a shell and the "
		    "programs it runs, which the image may not have, ignoring",
		    command, kmod_module_get_name(mod));
	return false;
}

static int add_module(struct modules *m, struct kmod_module *mod, const char *reason,
		      const struct tree_node *by)
{
	const char *path = kmod_module_get_path(mod), *relative;
	const struct tree_node model = { .reason = reason, .by = by }, *node;
	int r;

	if (!path)
		return 0; /* built in */
	relative = startswith(path, m->dir);
	if (!relative) {
		log_error("cannot take in module %s: it is not below %s", path, m->dir);
		return -EXDEV;
	}
	relative++;
	if (module_file_find(m->build, relative) || is_omitted(m, relative) || is_refused(mod))
		return 0;
	r = module_file_add(m, relative, &model, &node);
	if (r == 0 && m->near)
		r = strv_push(&m->candidates, kmod_module_get_name(mod));
	return r < 0 ? r : add_needed(m, mod, node);
}

/* Is it the module's name that was asked for, not one of its aliases? */
static bool is_named(struct kmod_list *found, const char *name)
{
	struct kmod_module *mod = found ? kmod_module_get_module(found) : NULL;
	bool named = mod && omit_names((char *[]){ (char *)name, NULL }, kmod_module_get_name(mod));

	(void)kmod_module_unref(mod);
	return named;
}

/* "blacklist" in modprobe.d stands against loading by alias, not by name. */
static int look_up(struct modules *m, const char *name, struct kmod_list **ret)
{
	_cleanup_(list_free) struct kmod_list *found = NULL;
	int r = kmod_module_new_from_lookup(m->kmod, name, &found);

	if (r < 0)
		return log_errno(r, "cannot look up module %s", name);
	if (is_named(found, name))
		*ret = TAKE_PTR(found);
	else if (found)
		r = kmod_module_apply_filter(m->kmod, KMOD_FILTER_BLACKLIST, found, ret);
	return r;
}

int modules_add_name(struct modules *m, const char *name, const char *reason, int *ret_found)
{
	_cleanup_(list_free) struct kmod_list *found = NULL;
	struct kmod_list *it;
	int r = look_up(m, name, &found), n = 0;

	if (r < 0)
		return r;
	r = add_list(m, found, reason, NULL);
	if (r < 0 || !ret_found)
		return r;
	kmod_list_foreach(it, found) {
		struct kmod_module *mod = kmod_module_get_module(it);

		n += kmod_module_get_path(mod) ? 1 : 0;
		(void)kmod_module_unref(mod);
	}
	*ret_found = n == 0 && found ? -1 : n;
	return 0;
}

static int find_name(struct modules *m, const char *name, char ***ret)
{
	_cleanup_(list_free) struct kmod_list *found = NULL;
	struct kmod_list *it;
	int r = kmod_module_new_from_lookup(m->kmod, name, &found), builtin = 0;

	if (r < 0)
		return log_errno(r, "cannot look up module %s", name);
	kmod_list_foreach(it, found) {
		struct kmod_module *mod = kmod_module_get_module(it);
		const char *path = kmod_module_get_path(mod);

		path = path ? startswith(path, m->dir) : NULL;
		builtin |= !path;
		if (r == 0 && path)
			r = strv_push(ret, path + 1);
		(void)kmod_module_unref(mod);
	}
	return r < 0 ? r : builtin;
}

/* modules.builtin: "kernel/fs/ext4/ext4.ko", a line each. */
static int find_builtin(const struct modules *m, const char *prefix)
{
	_cleanup_free_ char *path = NULL, *text = NULL;

	if (asprintf(&path, "%s/modules.builtin", m->build->config->modules) < 0)
		return -ENOMEM;
	if (sysroot_read(&m->build->config->sysroot, path, &text) < 0)
		return 0;
	for (char *p = text, *line; (line = strsep(&p, "\n"));)
		if (startswith(line, prefix))
			return 1;
	return 0;
}

int modules_find(struct modules *m, const char *name, char ***ret)
{
	int r = 0;

	if (!strchr(name, '/'))
		return find_name(m, name, ret);
	for (size_t i = 0; r == 0 && i < m->n; i++)
		if (startswith(m->paths[i], name))
			r = strv_push(ret, m->paths[i]);
	return r < 0 ? r : find_builtin(m, name);
}
