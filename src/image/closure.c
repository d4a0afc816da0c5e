/* SPDX-License-Identifier: MIT */
/*
 * closure: what the programs of the tree need to run: interpreters, libraries and theirs.
 *
 * Found by reading; nothing is run. The walk goes over the tree in the order of adding and so
 * meets what it adds itself. For each library found, the symbol versions needed of it are checked
 * then and there.
 */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/abi.h"
#include "image/build.h"
#include "image/content.h"
#include "image/dlopen.h"
#include "image/foreign.h"
#include "image/ldpath.h"
#include "image/library.h"
#include "image/mounting.h"
#include "image/program.h"
#include "image/pull.h"
#include "image/rpaths.h"
#include "image/script.h"

struct closure {
	struct build *build;
	struct library_paths paths;
	struct rpaths rpaths;
	bool libmount; /* /init may have a use for it */
};

struct object {
	const struct tree_node *node;
	struct elf elf;
	const char *below; /* exitrd_root_of(): the root that it will run in */
	char **dirs;       /* strv: its own directories */
};

static void closure_free(struct closure *c)
{
	rpaths_free(&c->rpaths);
	library_paths_free(&c->paths);
}

static void object_free(struct object *o)
{
	strv_free(o->dirs);
}

static const struct sysroot *sysroot_of(const struct closure *c)
{
	return &c->build->config->sysroot;
}

/* Pulls a path for the sake of `o`, into the root that `o` will run in. */
static int pull_for(struct closure *c, const struct object *o, const char *path,
		    const char *reason, const struct tree_node **ret)
{
	const struct pull asked = { .path = path, .below = o->below, .reason = reason, .by = o->node };

	return pull(&c->build->tree, sysroot_of(c), &asked, ret);
}

static int damaged(const struct tree_node *n)
{
	log_error("cannot use /%s: damaged ELF file", n->path);
	return -EBADMSG;
}

static int wrong_machine(const struct closure *c, const struct object *o)
{
	_cleanup_free_ char *is = elf_machine_name(&o->elf);
	_cleanup_free_ char *wanted = elf_machine_name(&c->paths.machine);

	log_error("cannot use /%s: it is for %s, /init for %s", o->node->path,
		  is ?: "another machine", wanted ?: "this one");
	return -ENOEXEC;
}

static int add_interpreter(struct closure *c, const struct object *o)
{
	const struct tree_node *loader;
	int r = pull_for(c, o, o->elf.interpreter, "loader of", &loader);

	if (r < 0)
		return log_errno(r, "cannot take in %s, the loader of /%s, from %s",
				 o->elf.interpreter, o->node->path, sysroot_of(c)->path);
	if (c->paths.loader_dir || !strrchr(loader->path, '/'))
		return 0;
	c->paths.loader_dir =
		strndup(loader->path, (size_t)(strrchr(loader->path, '/') - loader->path));
	return c->paths.loader_dir ? 0 : -ENOMEM;
}

/* DT_RPATH is looked at only where there is no DT_RUNPATH. */
static int own_directories(struct closure *c, struct object *o)
{
	const char *path = o->node->path + strlen(o->below), *slash = strrchr(path, '/');
	_cleanup_free_ char *origin = strndup(path, slash ? (size_t)(slash - path) : 0);
	int r = 0;

	if (!origin)
		return -ENOMEM;
	if (o->elf.runpath)
		return ldpath_expand(o->elf.runpath, origin, c->paths.loader_dir, &o->dirs);
	if (o->elf.rpath) {
		r = ldpath_expand(o->elf.rpath, origin, c->paths.loader_dir, &o->dirs);
		if (r == 0)
			r = rpaths_add(&c->rpaths, o->node, o->dirs);
	}
	return r == 0 ? rpaths_of(&c->rpaths, o->node, &o->dirs) : r;
}

static int check_versions(const struct object *o, const char *name, const struct library *l,
			  const struct tree_node *node)
{
	const char *missing;
	int r = abi_missing(&o->elf, name, &l->elf, &missing);

	if (r < 0)
		return damaged(node);
	if (!missing)
		return 0;
	log_error("cannot use /%s for /%s: it does not define %s, which that needs", node->path,
		  o->node->path, missing);
	return -ELIBBAD;
}

/*
 * The loader reads no ld.so.conf, only the cache made of it; the image has none, so the name is
 * put where the loader looks anyway.
 */
static int add_alias(struct closure *c, const struct object *o, const char *name,
		     const struct library *l, const struct tree_node *node)
{
	_cleanup_free_ char *at = NULL;

	if (asprintf(&at, "%s%s/%s", o->below, c->paths.loader_dir, name) < 0)
		return -ENOMEM;
	return tree_alias(&c->build->tree, at, l->path, node);
}

static int no_library(struct closure *c, const struct object *o, const char *name, int error)
{
	_cleanup_free_ char *dirs = library_paths_text(&c->paths, o->dirs);

	if (error == -ENOENT || error == -ENOEXEC)
		log_error("cannot find %s, needed by /%s: %s in %s (sysroot %s)", name, o->node->path,
			  error == -ENOENT ? "it is not" : "there are only files for other machines",
			  dirs ?: "its directories", sysroot_of(c)->path);
	else
		log_error("cannot use %s, needed by /%s, from sysroot %s: %s", name, o->node->path, sysroot_of(c)->path,
			  elf_error(error));
	return error;
}

/*
 * DT_RUNPATH counts for its own object alone. But what a program has loaded by it is found by its name when one of its
 * libraries wants it too, as systemd's libraries want each other: dl-load.c, _dl_map_object().
 */
static int find_loaded(struct closure *c, const struct object *o, const char *name, struct library *ret)
{
	for (const struct tree_node *n = o->node->by; n; n = n->by) {
		_cleanup_(object_free) struct object above = { .node = n, .below = o->below };
		_cleanup_content_ struct content content = { 0 };
		int r = content_open(n, &content);

		if (r < 0 || elf_open(content.data, content.size, &above.elf) < 0 || !elf_needs(&above.elf, name))
			continue;
		r = own_directories(c, &above);
		return r < 0 ? r : library_find(&c->paths, above.dirs, name, ret);
	}
	return -ENOENT;
}

/* 0, -errno after the error was logged; with `optional` 1 where it is not there. */
static int add_library(struct closure *c, const struct object *o, const char *name, bool optional)
{
	_cleanup_library_ struct library l = { 0 };
	const struct tree_node *node;
	int r = library_find(&c->paths, o->dirs, name, &l);

	if (r == -ENOENT)
		r = find_loaded(c, o, name, &l);
	if (optional && (r == -ENOENT || r == -ENOEXEC))
		return 1;
	if (r < 0)
		return no_library(c, o, name, r);
	r = pull_for(c, o, l.path, "library of", &node);
	if (r < 0)
		return log_errno(r, "cannot take in %s, needed by /%s", l.path, o->node->path);
	r = check_versions(o, name, &l, node);
	if (r < 0)
		return r;
	return l.needs_alias ? add_alias(c, o, name, &l, node) : 0;
}

/* For elf_each_needed_version(): the files that must define them, where DT_NEEDED does not. */
static int collect_file(const struct elf_version *v, void *data)
{
	char ***names = data;

	return strv_contains(*names, v->file) ? 0 : strv_push(names, v->file);
}

static int add_needed(struct closure *c, const struct object *o)
{
	_cleanup_strv_ char **names = NULL;
	uint64_t state = 0;
	const char *name;
	int r = 0;

	while (r == 0 && (name = elf_next_needed(&o->elf, &state)))
		r = strv_push(&names, name);
	if (r == 0)
		r = elf_each_needed_version(&o->elf, collect_file, &names);
	if (r < 0)
		return r == -EBADMSG ? damaged(o->node) : r;
	STRV_FOREACH(n, names)
		if (r == 0)
			r = add_library(c, o, *n, false);
	return r;
}

static int add_feature(struct closure *c, const struct object *o, const struct dlopen_feature *f)
{
	int r = 1;

	STRV_FOREACH(name, f->sonames)
		if (r == 1)
			r = add_library(c, o, *name, true);
	/* One that is only suggested comes here when it was asked for. */
	if (r == 1 && f->priority != DLOPEN_RECOMMENDED && f->sonames)
		return no_library(c, o, f->sonames[0], -ENOENT);
	return r < 0 ? r : 0;
}

/*
 * glibc opens libgcc_s when a thread is cancelled or exits, and ends the program where there is none; who calls these
 * does not know it and has no note of it. Not for glibc's own sake: it has the functions, it does not use them.
 */
static int add_unwinder(struct closure *c, const struct object *o)
{
	static const char *const callers[] = { "pthread_cancel", "pthread_exit" };
	const char *soname = o->elf.soname ?: "";

	if (startswith(soname, "libc.so.") || startswith(soname, "libpthread.so.") || startswith(soname, "libgcc_s."))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++)
		if (elf_mentions(&o->elf, callers[i]))
			return MIN(add_library(c, o, "libgcc_s.so.1", true), 0);
	return 0;
}

/* Of what /init opens itself: "kmod" has a use where modprobe has, "mount" where there are options for it. */
static bool has_use(const struct closure *c, const struct object *o, const struct dlopen_feature *f)
{
	const char *feature = streq(o->node->path, "init") && f->name ? f->name : "";

	if (streq(feature, "kmod"))
		return c->build->modprobe;
	if (streq(feature, "mount"))
		return c->libmount;
	if (streq(feature, "archive"))
		return c->build->config->settings.archives == ARCHIVES_YES;
	return f->priority != DLOPEN_SUGGESTED;
}

/* /init unpacks the reserve before it opens any; other programs know nothing of that. */
static int add_opened_later(struct closure *c, const struct object *o)
{
	_cleanup_dlopen_ struct dlopen_features features = { 0 };
	enum tree_segment segment = c->build->tree.adding;
	int r = dlopen_read(&o->elf, &features);

	if (r == -EBADMSG) {
		log_warning("cannot read /%s's list of libraries that it opens later (.note.dlopen), ignoring",
			    o->node->path);
		return 0;
	}
	if (streq(o->node->path, "init"))
		build_into(c->build, SEGMENT_RESERVE);
	for (size_t i = 0; r == 0 && i < features.n; i++)
		if (has_use(c, o, &features.items[i]))
			r = add_feature(c, o, &features.items[i]);
	c->build->tree.adding = segment;
	return r;
}

static int examine_elf(struct closure *c, struct object *o)
{
	int r;

	if (!elf_is_loadable(&o->elf))
		return 0;
	if (!elf_same_machine(&o->elf, &c->paths.machine))
		return wrong_machine(c, o);
	if (o->elf.interpreter) {
		r = add_interpreter(c, o);
		if (r < 0)
			return r;
	}
	r = own_directories(c, o);
	if (r == 0)
		r = add_needed(c, o);
	if (r == 0)
		r = add_unwinder(c, o);
	return r == 0 ? add_opened_later(c, o) : r;
}

static int add_script_program(struct closure *c, const struct object *o, const char *path)
{
	int r = pull_for(c, o, path, "interpreter of", NULL);

	return r < 0 ? log_errno(r, "cannot take in %s, the interpreter of /%s, from %s", path,
				 o->node->path, sysroot_of(c)->path)
		     : 0;
}

static int examine_script(struct closure *c, const struct object *o, const struct content *content)
{
	_cleanup_free_ char *interpreter = NULL, *name = NULL, *path = NULL;
	int r = script_interpreter(content->data, content->size, &interpreter, &name);

	if (r < 0 || !interpreter)
		return r;
	r = add_script_program(c, o, interpreter);
	if (r < 0 || !name)
		return r;
	if (program_find(sysroot_of(c), name, &path) < 0) {
		log_error("cannot find %s, the interpreter of /%s, in %s", name, o->node->path, sysroot_of(c)->path);
		return -ENOENT;
	}
	return add_script_program(c, o, path);
}

static int examine(struct closure *c, const struct tree_node *n)
{
	_cleanup_(object_free) struct object o = {
		.node = n,
		.below = exitrd_root_of(n->path),
	};
	_cleanup_content_ struct content content = { 0 };
	int r = content_open(n, &content);

	if (r < 0)
		return log_errno(r, "cannot read %s for /%s", n->source, n->path);
	r = elf_open(content.data, content.size, &o.elf);
	if (r == -ENOEXEC)
		return examine_script(c, &o, &content);
	if (r < 0)
		return damaged(n);
	return examine_elf(c, &o);
}

/*
 * All of what is in that segment or an earlier one. What is found may stand in front of what led to it, where it was
 * meant for a later one: so until there is nothing more.
 */
static int examine_segment(struct closure *c, enum tree_segment segment)
{
	struct tree *t = &c->build->tree;
	bool again = true;
	int r = 0;

	t->adding = segment;
	while (r == 0 && again) {
		again = false;
		TREE_FOREACH(n, t) {
			if (r < 0 || !S_ISREG(n->mode) || n->flags & (TREE_DATA | TREE_CLOSED) || n->segment < segment)
				continue;
			n->flags |= TREE_CLOSED;
			again = true;
			r = examine(c, n);
		}
	}
	return r;
}

int closure_add(struct build *b)
{
	_cleanup_(closure_free) struct closure c = {
		.build = b,
		.paths.sysroot = &b->config->sysroot,
		.libmount = true,
	};
	int r = ldpath_read_conf(c.paths.sysroot, &c.paths.conf);

	if (r < 0)
		return log_errno(r, "cannot read /etc/ld.so.conf of %s", c.paths.sysroot->path);
	/* An image for any machine may be booted with any options. */
	if (b->config->for_host && (r = mounting_ask(b->config, &c.libmount)) < 0)
		return r;
	r = foreign_check(b, &c.paths.machine);
	/* What programs of both need is wanted as early as the first of them is. */
	if (r == 0)
		r = examine_segment(&c, SEGMENT_MAIN);
	return r < 0 ? r : examine_segment(&c, SEGMENT_RESERVE);
}
