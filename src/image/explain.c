/* SPDX-License-Identifier: MIT */
/* explain: why a file or module is in an image. */
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/deposit.h"
#include "image/escape.h"
#include "image/explain.h"
#include "image/module-file.h"
#include "image/module-rules.h"
#include "image/module.h"
#include "image/omit.h"

static void print_path(const char *path)
{
	(void)putchar('/');
	escape_write(stdout, path, strlen(path));
}

static void print_row(const struct manifest_row *row)
{
	print_path(row->path);
	printf(": ");
	escape_write(stdout, row->reason, strlen(row->reason));
	if (*row->by) {
		(void)putchar(' ');
		print_path(row->by);
	}
	(void)putchar('\n');
}

/* Anybody may have written the manifest: a circle ends too. */
static void print_chain(const struct manifest *m, const struct manifest_row *row)
{
	for (size_t steps = 0; row && steps <= m->n; steps++) {
		print_row(row);
		row = *row->by ? manifest_find(m, row->by) : NULL;
	}
}

/* Several chains are divided by an empty line; 1: printed. */
static int print_next(const struct manifest *m, const struct manifest_row *row, bool first)
{
	if (!first)
		(void)putchar('\n');
	print_chain(m, row);
	return 1;
}

/* As it stands in the image, or where its symlinks lead. */
static int print_of_path(const struct explain *e, const struct manifest *m, const char *word)
{
	_cleanup_free_ char *name = NULL, *canonical = NULL;
	const struct manifest_row *row = NULL;
	int r = deposit_name(word, &name);

	if (r == -ENOMEM)
		return r;
	if (r == 0)
		row = manifest_find(m, name);
	if (!row && archive_resolve(&e->image->archive, word, &canonical) == 0)
		row = manifest_find(m, canonical);
	return row ? print_next(m, row, true) : 0;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_module(const struct manifest_row *row, char *word)
{
	const char *suffix = strstr(base_of(row->path), ".ko");
	char *names[] = { word, NULL };

	return suffix && (!suffix[3] || suffix[3] == '.') && omit_names(names, row->path);
}

static bool is_file(const struct manifest_row *row, char *word)
{
	return streq(base_of(row->path), word);
}

/* Modules first: their directories are often of the same name. */
static int print_of_name(const struct manifest *m, const char *word)
{
	static bool (*const kinds[])(const struct manifest_row *row, char *word) = { is_module, is_file };
	_cleanup_free_ char *copy = strdup(word);
	int printed = 0;

	if (!copy)
		return -ENOMEM;
	for (size_t k = 0; k < ARRAY_SIZE(kinds) && !printed; k++)
		for (size_t i = 0; i < m->n; i++)
			if (kinds[k](&m->rows[i], copy))
				printed = print_next(m, &m->rows[i], !printed);
	return printed;
}

/* What keeps a module out that the system has. */
static const char *why_left_out(const struct config *c, const char *path)
{
	if (omit_names(c->settings.omit_modules, path))
		return "omit_modules leaves it out";
	for (const struct module_rule *rule = module_rules; rule->what; rule++)
		if (rule->leave_out && startswith(path, rule->what))
			return rule->reason;
	return c->for_host ? "nothing that this machine boots from asks for it" : "nothing asks for it";
}

static int tell_module(const struct explain *e, const struct modules *modules, char *const *paths, const char *word)
{
	if (!paths)
		log_error("cannot explain %s: it is not in %s: it is built into kernel %s", word, e->image->path,
			  e->config->kernel);
	else
		log_error("cannot explain %s: it is not in %s, though %s has /%s/%s: %s", word, e->image->path,
			  e->config->sysroot.path, e->config->modules, paths[0], why_left_out(e->config, paths[0]));
	return -ENOENT;
}

/* By libkmod, which knows aliases, built-in modules, and those that are not in. 0: there is none of that name. */
static int explain_module(const struct explain *e, const struct manifest *m, const char *word)
{
	struct build build = { .config = e->config };
	_cleanup_modules_ struct modules modules = { 0 };
	_cleanup_strv_ char **paths = NULL;
	int printed = 0, builtin, r = modules_open(&build, &modules);

	if (r == 0)
		r = modules_find(&modules, word, &paths);
	if (r < 0)
		return r;
	builtin = r;
	STRV_FOREACH(path, paths) {
		_cleanup_free_ char *full = NULL;
		const struct manifest_row *row;

		if (asprintf(&full, "%s/%s", e->config->modules, *path) < 0)
			return -ENOMEM;
		row = manifest_find(m, full);
		if (!row) {
			/* Decompressed, it is called so. */
			full[module_file_plain(full)] = '\0';
			row = manifest_find(m, full);
		}
		if (row)
			printed = print_next(m, row, !printed);
	}
	if (printed > 0 || (!paths && !builtin))
		return printed;
	return tell_module(e, &modules, paths, word);
}

static int tell_absent(const struct explain *e, const char *word)
{
	const char *sysroot = e->config ? e->config->sysroot.path : NULL;

	if (sysroot && strchr(word, '/') && sysroot_has(&e->config->sysroot, word))
		log_error("cannot explain %s: it is not in %s, though %s has it: nothing asks for it", word,
			  e->image->path, sysroot);
	else
		log_error("cannot explain %s: it is not in %s%s%s", word, e->image->path, sysroot ? ", nor in " : "",
			  sysroot ?: "");
	return -ENOENT;
}

static int explain_word(const struct explain *e, const struct manifest *m, const char *word)
{
	int r = print_of_path(e, m, word);

	if (r == 0 && !strchr(word, '/')) {
		r = print_of_name(m, word);
		if (r == 0 && e->config)
			r = explain_module(e, m, word);
	}
	return r == 0 ? tell_absent(e, word) : r;
}

int explain_print(const struct explain *e, const char *word)
{
	_cleanup_manifest_ struct manifest m = { 0 };
	int r = image_manifest(e->image, &m);

	if (r == 0)
		r = explain_word(e, &m, word);
	if (r < 0)
		return r;
	if (fflush(stdout) != 0 || ferror(stdout))
		return log_errno(errno ? -errno : -EIO, "cannot write to standard output");
	return 0;
}
