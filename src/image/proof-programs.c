/* SPDX-License-Identifier: MIT */
/*
 * proof-programs: each program and library of the image finds in the image what it is loaded with.
 *
 * Not the closure's own walk, which goes by the sysroot and its ld.so.conf: what counts here is what the loader will
 * find when there is nothing but the image.
 */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/abi.h"
#include "image/build.h"
#include "image/content.h"
#include "image/dlopen.h"
#include "image/ldpath.h"
#include "image/program.h"
#include "image/proof.h"
#include "image/script.h"

struct object {
	const struct tree_node *node;
	struct content content;
	struct elf elf;
	const char *below; /* exitrd_root_of(): the root that it runs in */
	char **dirs;       /* strv: its own directories */
};

struct programs {
	struct proof *proof;
	struct object *objects;
	size_t n, room;
	size_t scripts;
	char **loader_dirs; /* strv: where the loaders lie */
	/*
	 * DT_RPATH counts for what an object loads, too. Who loads whom is not followed: those of all
	 * objects are taken to count for all.
	 */
	char **rpaths; /* strv */
};

static void programs_free(struct programs *g)
{
	for (size_t i = 0; i < g->n; i++) {
		content_close(&g->objects[i].content);
		strv_free(g->objects[i].dirs);
	}
	free(g->objects);
	strv_free(g->loader_dirs);
	strv_free(g->rpaths);
}

/* Modules are read by the kernel, firmware by a device, which may be a computer of its own. */
static bool is_data(const struct tree_node *n)
{
	return n->flags & TREE_DATA || strstr(n->path, "lib/modules/") || strstr(n->path, "lib/firmware/");
}

static const struct tree_node *lookup(const struct programs *g, const struct object *o, const char *path)
{
	const struct tree_node *n = tree_lookup_below(g->proof->subject->tree, o->below, path);

	return n && S_ISREG(n->mode) ? n : NULL;
}

static int push_directory_of(const char *path, char ***ret)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir = strndup(path, slash ? (size_t)(slash - path) : 0);

	if (!dir)
		return -ENOMEM;
	return strv_contains(*ret, dir) ? 0 : strv_push(ret, dir);
}

/* The loader's directory is where its libraries are, as it was built. */
static int note_loader(struct programs *g, const struct object *o)
{
	const struct tree_node *loader = o->elf.interpreter ? lookup(g, o, o->elf.interpreter) : NULL;

	return loader ? push_directory_of(loader->path + strlen(o->below), &g->loader_dirs) : 0;
}

/* After all loaders are known: $LIB is named by them. */
static int note_directories(struct programs *g, struct object *o)
{
	const char *path = o->node->path + strlen(o->below), *own = o->elf.runpath ?: o->elf.rpath;
	const char *slash = strrchr(path, '/'), *loader_dir = g->loader_dirs ? g->loader_dirs[0] : NULL;
	_cleanup_free_ char *origin = strndup(path, slash ? (size_t)(slash - path) : 0);
	int r;

	if (!origin)
		return -ENOMEM;
	if (!own)
		return 0;
	r = ldpath_expand(own, origin, loader_dir, &o->dirs);
	return r == 0 && !o->elf.runpath ? ldpath_expand(own, origin, loader_dir, &g->rpaths) : r;
}

static int take_object(struct programs *g, struct object *o)
{
	if (g->n == g->room) {
		size_t room = g->room ? g->room * 2 : 64;
		struct object *grown = realloc(g->objects, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		g->objects = grown;
		g->room = room;
	}
	g->objects[g->n++] = *o;
	*o = (struct object){ 0 };
	return note_loader(g, &g->objects[g->n - 1]);
}

static int look_at_script(struct programs *g, const struct object *o)
{
	_cleanup_free_ char *interpreter = NULL, *name = NULL, *path = NULL;
	int r = script_interpreter(o->content.data, o->content.size, &interpreter, &name);

	if (r < 0 || !interpreter)
		return r;
	g->scripts++;
	if (!lookup(g, o, interpreter))
		return fatal(g->proof, "cannot run /%s: its interpreter %s is not in the image", o->node->path,
			     interpreter);
	for (size_t i = 0; name && program_dirs[i]; i++) {
		free(TAKE_PTR(path));
		if (asprintf(&path, "%s/%s", program_dirs[i], name) < 0)
			return -ENOMEM;
		if (lookup(g, o, path))
			return 0;
	}
	return name ? fatal(g->proof, "cannot run /%s: its interpreter %s is not in the image", o->node->path, name)
		    : 0;
}

static int look_at(struct programs *g, const struct tree_node *n)
{
	struct object o = { .node = n, .below = exitrd_root_of(n->path) };
	int r = content_open(n, &o.content);

	if (r < 0)
		return log_errno(r, "cannot read /%s", n->path);
	r = elf_open(o.content.data, o.content.size, &o.elf);
	if (r == 0 && elf_is_loadable(&o.elf))
		r = take_object(g, &o);
	else if (r == -ENOEXEC)
		r = n->mode & 0111 ? look_at_script(g, &o) : 0;
	else if (r == -EBADMSG)
		r = fatal(g->proof, "cannot run /%s: damaged ELF file", n->path);
	content_close(&o.content);
	return r;
}

static const struct object *object_of(const struct programs *g, const struct tree_node *n)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->objects[i].node == n)
			return &g->objects[i];
	return NULL;
}

static const struct object *find_in(const struct programs *g, const struct object *o, const char *const *dirs,
				    const char *name)
{
	for (; dirs && *dirs; dirs++) {
		_cleanup_free_ char *path = NULL;
		const struct object *found;

		if (asprintf(&path, "%s/%s", *dirs, name) < 0)
			return NULL;
		found = object_of(g, lookup(g, o, path));
		if (found && elf_same_machine(&found->elf, &o->elf))
			return found;
	}
	return NULL;
}

/*
 * By the name under which who loads `o` has loaded it already, by a DT_RUNPATH of its own, which counts for nothing
 * else. Who loads whom is not followed: it is enough that somebody needs both.
 */
static const struct object *find_loaded(const struct programs *g, const struct object *o, const char *name)
{
	const struct object *found = NULL;

	for (size_t i = 0; !found && o->elf.soname && i < g->n; i++) {
		const struct object *above = &g->objects[i];

		if (above->dirs && elf_needs(&above->elf, o->elf.soname) && elf_needs(&above->elf, name))
			found = find_in(g, o, (const char *const *)above->dirs, name);
	}
	return found;
}

/* In the order of ld.so(8), which passes over files for other machines. */
static const struct object *find_library(const struct programs *g, const struct object *o, const char *name)
{
	const char *const *const places[] = { (const char *const *)o->dirs, (const char *const *)g->rpaths,
					      (const char *const *)g->loader_dirs, ldpath_defaults };
	const struct object *found = NULL;

	if (strchr(name, '/'))
		return object_of(g, lookup(g, o, name));
	for (size_t i = 0; !found && i < ARRAY_SIZE(places); i++)
		found = find_in(g, o, places[i], name);
	return found ?: find_loaded(g, o, name);
}

static int check_needed(struct programs *g, const struct object *o)
{
	uint64_t state = 0;
	const char *name, *missing;
	int r = 0;

	while (r == 0 && (name = elf_next_needed(&o->elf, &state))) {
		const struct object *l = find_library(g, o, name);

		if (!l)
			r = fatal(g->proof, "cannot run /%s: %s is not where its loader looks in the image",
				  o->node->path, name);
		else if (abi_missing(&o->elf, name, &l->elf, &missing) < 0)
			r = fatal(g->proof, "cannot run /%s: damaged ELF file", o->node->path);
		else if (missing)
			r = fatal(g->proof, "cannot run /%s: /%s does not define %s", o->node->path, l->node->path,
				  missing);
	}
	return r;
}

/* What it opens by itself and cannot do without. */
static int check_opened_later(struct programs *g, const struct object *o)
{
	_cleanup_dlopen_ struct dlopen_features features = { 0 };
	int r = dlopen_read(&o->elf, &features);

	if (r < 0)
		return r == -EBADMSG ? 0 : r; /* the closure has warned of it */
	for (size_t i = 0; r == 0 && i < features.n; i++) {
		const struct dlopen_feature *f = &features.items[i];
		bool found = f->priority != DLOPEN_REQUIRED || !f->sonames;

		STRV_FOREACH(name, f->sonames)
			found = found || find_library(g, o, *name);
		if (!found)
			r = fatal(g->proof, "cannot run /%s: %s, which it opens later, is not in the image",
				  o->node->path, f->sonames[0]);
	}
	return r;
}

static int check_object(struct programs *g, const struct object *o)
{
	const struct proof *p = g->proof;
	int r = 0;

	if (p->runs && !elf_same_machine(&o->elf, &p->machine)) {
		_cleanup_free_ char *is = elf_machine_name(&o->elf), *wanted = elf_machine_name(&p->machine);

		return fatal(g->proof, "cannot run /%s: it is for %s, /init for %s", o->node->path, is ?: "another",
			     wanted ?: "this one");
	}
	if (o->elf.interpreter && !lookup(g, o, o->elf.interpreter))
		return fatal(g->proof, "cannot run /%s: its loader %s is not in the image", o->node->path,
			     o->elf.interpreter);
	/* Where no program has its loader, nobody can say where a library's libraries would be. */
	if (o->elf.interpreter || g->loader_dirs)
		r = check_needed(g, o);
	return r == 0 ? check_opened_later(g, o) : r;
}

int prove_programs(struct proof *p)
{
	_cleanup_(programs_free) struct programs g = { .proof = p };
	size_t before = proof_failures(p);
	int r = 0;

	TREE_FOREACH(n, p->subject->tree)
	if (r == 0 && S_ISREG(n->mode) && !is_data(n))
		r = look_at(&g, n);
	for (size_t i = 0; r == 0 && i < g.n; i++)
		r = note_directories(&g, &g.objects[i]);
	for (size_t i = 0; r == 0 && i < g.n; i++)
		r = check_object(&g, &g.objects[i]);
	if (r < 0 || proof_failures(p) > before)
		return r;
	return proved(p, "%zu programs and libraries and %zu scripts find what runs them in the image", g.n, g.scripts);
}
