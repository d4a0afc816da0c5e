/* SPDX-License-Identifier: MIT */
/* proof-modules: what is to be loaded can be, by the image's own indexes. */
#include <errno.h>

#include "base/strv.h"
#include "image/module-rules.h"
#include "image/omit.h"
#include "image/proof.h"

struct count {
	struct proof *proof;
	size_t n;
};

static int check_module(const char *name, const char *row, void *data)
{
	struct count *c = data;
	_cleanup_free_ char *missing = NULL;

	c->n++;
	if (modset_has(&c->proof->have, name, &missing))
		return 0;
	return fatal(c->proof, "cannot load module %s: %s, which the index wants, is not in the image", name,
		     missing ?: row);
}

/* A file that the index does not have is never found by name or alias. */
static int check_files(struct count *c)
{
	const struct proof *p = c->proof;
	size_t n = strlen(p->dir);
	int r = 0;

	TREE_FOREACH(node, p->subject->tree)
	{
		const char *slash = strrchr(node->path, '/');
		_cleanup_free_ char *name = NULL, *row = NULL;

		if (r < 0 || strncmp(node->path, p->dir, n) != 0 || !S_ISREG(node->mode) || !strstr(slash, ".ko"))
			continue;
		name = strndup(slash + 1, strcspn(slash + 1, "."));
		r = name ? modset_row(&p->have, name, &row) : -ENOMEM;
		if (r == -ENOENT)
			r = doubt(c->proof,
				  "cannot load module %s by its name: modules.dep.bin of the image does not have it",
				  name);
	}
	return r;
}

int prove_modules(struct proof *p)
{
	struct count c = { .proof = p };
	size_t before = proof_failures(p);
	int r;

	if (!p->dir)
		return skipped(p, "there are no modules");
	if (!p->indexed && !tree_lookup(p->subject->tree, "sbin/modprobe") && !p->subject->ours)
		return skipped(p, "there is no modules.dep.bin: its init finds modules in another way");
	if (!p->indexed)
		return fatal(p,
			     "cannot load any module of kernel %s: modules.dep.bin of the image is missing or damaged",
			     p->kernel);
	r = modset_each(&p->have, check_module, &c);
	if (r == 0)
		r = check_files(&c);
	if (r == -EBADMSG)
		return fatal(p, "cannot load modules of kernel %s: modules.dep.bin of the image is damaged", p->kernel);
	if (r < 0 || proof_failures(p) > before)
		return r;
	return proved(p, "%zu modules of kernel %s are there with all that they depend on", c.n, p->kernel);
}

/* Left out by the configuration or by modprobe.d, itself or what it depends on. */
static bool is_unwanted(const struct proof *p, const char *row)
{
	_cleanup_strv_ char **paths = NULL;

	if (strv_split(&paths, row, ": ") < 0)
		return true;
	STRV_FOREACH(path, paths) {
		if (omit_names(p->subject->left_out, *path))
			return true;
		for (char *const *pair = p->refused; pair && pair[0]; pair += 2)
			if (omit_names((char *[]){ pair[0], NULL }, *path))
				return true;
	}
	return false;
}

static int want(struct count *c, const char *name, const char *all_row, const char *reason)
{
	const struct proof *p = c->proof;
	_cleanup_free_ char *row = NULL;
	int r;

	c->n++;
	r = p->indexed ? modset_row(&p->have, name, &row) : -ENOENT;
	if (r != -ENOENT || is_unwanted(p, all_row))
		return r == -ENOMEM ? r : 0;
	return doubt(c->proof, "cannot serve every machine: module %s (%s), which kernel %s has, is not in the image",
		     name, reason, p->kernel ?: "of the sysroot");
}

static int want_path(const char *name, const char *row, void *data)
{
	for (const struct module_rule *rule = module_rules; rule->what; rule++)
		if (!rule->leave_out && strchr(rule->what, '/') && startswith(row, rule->what) &&
		    !module_rules_leave_out(row))
			return want(data, name, row, rule->reason);
	return 0;
}

static int want_name(struct count *c, const struct module_rule *rule)
{
	const struct modset *all = &c->proof->all;
	_cleanup_strv_ char **names = NULL;
	int r = modset_resolve(all, rule->what, &names);

	STRV_FOREACH(name, names) {
		_cleanup_free_ char *row = NULL;

		if (r == 0 && modset_row(all, *name, &row) == 0)
			r = want(c, *name, row, rule->reason);
	}
	return r;
}

int prove_rules(struct proof *p)
{
	struct count c = { .proof = p };
	size_t before = proof_failures(p);
	int r;

	if (!p->subject->generic)
		return skipped(p, "the image is not for any machine");
	if (!p->known)
		return skipped(p, "the sysroot does not have this kernel's modules");
	if (p->dir && !p->indexed)
		return skipped(p, "there is no index to look into");
	r = modset_each(&p->all, want_path, &c);
	for (const struct module_rule *rule = module_rules; r == 0 && rule->what; rule++)
		if (!rule->leave_out && !strchr(rule->what, '/'))
			r = want_name(&c, rule);
	if (r == -EBADMSG)
		return doubt(p, "cannot tell what kernel %s has: its indexes in %s are damaged", p->kernel ?: "?",
			     p->subject->sysroot->path);
	if (r < 0 || proof_failures(p) > before)
		return r;
	return proved(p, "%zu modules that the rules want are there", c.n);
}
