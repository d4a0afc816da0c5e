/* SPDX-License-Identifier: MIT */
/* firmware: the files that modules of the tree load into their devices. */
#include <errno.h>
#include <fnmatch.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/firmware.h"
#include "image/modinfo.h"
#include "image/omit.h"
#include "image/pull.h"

/*
 * The drivers of a generic image that have a device wait for a file, in the kernels from 6.1 to 7.2; asking all of
 * them would mean to unpack 300 modules (1 s with xz) for these. Not cxgb4 and csiostor: their cards carry their own.
 */
static const char *const askers[] = {
	"kernel/drivers/scsi/advansys",
	"kernel/drivers/scsi/aic94xx/",
	"kernel/drivers/scsi/bfa/",
	"kernel/drivers/scsi/isci/",
	"kernel/drivers/scsi/qla1280",
	"kernel/drivers/scsi/qla2xxx/",
	"kernel/drivers/scsi/wd719x",
	"kernel/drivers/usb/host/xhci-pci-renesas",
	"kernel/drivers/usb/storage/ums-eneub6250",
	NULL,
};

struct loader {
	struct modules *modules;
	char *versioned, *updates; /* "lib/firmware/KVER", "lib/firmware/updates/KVER" */
	char **suffixes;           /* strv: "" and what else this kernel unpacks */
	char **asked;              /* strv: paths of the modules that settings name */
	size_t missing, found, modules_missing;
};

static void loader_free(struct loader *l)
{
	free(l->versioned);
	free(l->updates);
	strv_free(l->suffixes);
	strv_free(l->asked);
}

/* Up to 5.18 there was one option, and it meant xz. Of a kernel that nothing is known of everything is hoped. */
static int choose_suffixes(struct loader *l)
{
	const struct kernel_config *k = &l->modules->build->kernel_config;
	bool old = k->text && !strstr(k->text, "CONFIG_FW_LOADER_COMPRESS_XZ");
	int r = strv_push(&l->suffixes, "");

	if (r == 0 && kernel_config_has(k, "CONFIG_FW_LOADER_COMPRESS_ZSTD", true))
		r = strv_push(&l->suffixes, ".zst");
	if (r == 0 &&
	    kernel_config_has(k, old ? "CONFIG_FW_LOADER_COMPRESS" : "CONFIG_FW_LOADER_COMPRESS_XZ", true))
		r = strv_push(&l->suffixes, ".xz");
	return r;
}

static int open_loader(struct modules *m, struct loader *l)
{
	const struct config *c = m->build->config;
	char *const *lists[] = { c->settings.modules, c->settings.force_modules };
	int r = 0;

	l->modules = m;
	if (asprintf(&l->versioned, "lib/firmware/%s", c->kernel) < 0 ||
	    asprintf(&l->updates, "lib/firmware/updates/%s", c->kernel) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		STRV_FOREACH(name, lists[i])
			if (r >= 0)
				r = modules_find(m, *name, &l->asked);
	return r < 0 ? r : choose_suffixes(l);
}

static int take(struct loader *l, const struct tree_node *module, const char *path)
{
	struct modules *m = l->modules;
	const struct sysroot *s = &m->build->config->sysroot;
	int r;

	/* The kernel asks for it when that is loaded. */
	build_into(m->build, module->segment);
	r = pull(&m->build->tree, s,
		     &(struct pull){ .path = path, .flags = TREE_DATA, .reason = "firmware of", .by = module }, NULL);

	if (r < 0)
		return log_errno(r, "cannot take in /%s, firmware of /%s, from %s", path, module->path, s->path);
	build_into(m->build, SEGMENT_RESERVE);
	l->found++;
	return 1;
}

static bool is_file(const struct sysroot *s, const char *path)
{
	struct stat st;

	return sysroot_stat(s, path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A name with patterns in its last part, or in all of them: "intel/ish/ish_*.bin". How many there were. */
static int take_matching(struct loader *l, const struct tree_node *module, const char *dir, const char *pattern,
			 const char *suffix)
{
	const struct sysroot *s = &l->modules->build->config->sysroot;
	size_t n = strcspn(pattern, "/");
	_cleanup_free_ char *part = NULL;
	_cleanup_strv_ char **names = NULL;
	int found = 0, r;

	if (asprintf(&part, "%.*s%s", (int)n, pattern, pattern[n] ? "" : suffix) < 0)
		return -ENOMEM;
	r = sysroot_list(s, dir, "", &names);
	if (r < 0)
		return r == -ENOTDIR ? 0 : r;
	STRV_FOREACH(name, names) {
		_cleanup_free_ char *path = NULL;

		if (fnmatch(part, *name, 0) != 0)
			continue;
		if (asprintf(&path, "%s/%s", dir, *name) < 0)
			return -ENOMEM;
		if (pattern[n])
			r = take_matching(l, module, path, pattern + n + 1, suffix);
		else
			r = is_file(s, path) ? take(l, module, path) : 0;
		if (r < 0)
			return r;
		found += r;
	}
	return found;
}

/* drivers/base/firmware_loader/main.c: first each directory for the name itself, then for what is compressed. */
static int find(struct loader *l, const struct tree_node *module, const char *name)
{
	const char *const dirs[] = { l->updates, "lib/firmware/updates", l->versioned, "lib/firmware" };
	bool pattern = strpbrk(name, "*?[") != NULL;

	STRV_FOREACH(suffix, l->suffixes)
		for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
			_cleanup_free_ char *path = NULL;
			int r;

			if (asprintf(&path, "%s/%s%s", dirs[i], name, *suffix) < 0)
				return -ENOMEM;
			if (pattern)
				r = take_matching(l, module, dirs[i], name, *suffix);
			else
				r = is_file(&l->modules->build->config->sysroot, path) ? take(l, module, path) : 0;
			if (r != 0)
				return r;
		}
	return 0;
}

/*
 * A driver may name files for each device that it knows; that some are missing says nothing. That none is there, of a
 * driver which this machine boots by, may be why it will not.
 */
static void warn_if_bound(const struct loader *l, const struct tree_node *module, char *const *names)
{
	const struct config *c = l->modules->build->config;
	_cleanup_free_ char *name = module_name(module->path);

	for (size_t i = 0; c->for_host && i < c->target.n_devices; i++)
		if (name && streq_null(c->target.devices[i].module, name)) {
			log_warning("no firmware for module %s, which drives a device of this machine: it may ask for "
				    "%s%s, and there is none in %s/lib/firmware, ignoring",
				    name, names[0], names[1] ? " or others" : "", c->sysroot.path);
			return;
		}
}

static int add_for(struct loader *l, const struct tree_node *module)
{
	const struct sysroot *s = &l->modules->build->config->sysroot;
	_cleanup_free_ char *name = module_name(module->path);
	_cleanup_strv_ char **names = NULL;
	size_t missing = l->missing;
	int r = name ? modinfo_read(l->modules->kmod, name, "firmware", &names) : -ENOMEM;

	if (r < 0)
		return log_errno(r, "cannot read which firmware module /%s needs", module->path);
	STRV_FOREACH(file, names) {
		if (path_has_dot_dot(*file) || **file == '/')
			continue;
		r = find(l, module, *file);
		if (r < 0)
			return r;
		if (r == 0) {
			log_debug("no firmware %s for /%s in %s", *file, module->path, s->path);
			l->missing++;
		}
	}
	l->modules_missing += l->missing > missing;
	if (names && l->missing - missing == strv_length(names))
		warn_if_bound(l, module, names);
	return 0;
}

static bool is_asked(const struct loader *l, const char *path)
{
	const struct settings *s = &l->modules->build->config->settings;

	if (s->firmware == CHOICE_YES || l->modules->build->config->for_host)
		return true;
	return strv_contains(l->asked, path) || omit_names((char *const *)askers, path);
}

int firmware_add(struct modules *m)
{
	const struct config *c = m->build->config;
	_cleanup_(loader_free) struct loader l = { 0 };
	_cleanup_free_ char *dir = NULL;
	const struct tree_node *top;
	int r;

	/* Without a single file there is nothing to find, and nothing to say about it. */
	if (c->settings.firmware == CHOICE_NO || !sysroot_has(&c->sysroot, "lib/firmware"))
		return 0;
	if (asprintf(&dir, "lib/modules/%s", c->kernel) < 0)
		return -ENOMEM;
	top = tree_lookup(&m->build->tree, dir);
	r = top ? open_loader(m, &l) : 0;
	/* What is added meanwhile comes behind the modules, and is none. */
	TREE_FOREACH(n, &m->build->tree) {
		const char *below = top ? startswith(n->path, top->path) : NULL;

		if (r == 0 && below && *below == '/' && S_ISREG(n->mode) && is_asked(&l, below + 1))
			r = add_for(&l, n);
	}
	if (r == 0 && l.missing > 0)
		log_info("firmware: %zu file%s taken in, %zu that %zu module%s may ask for not found in %s "
			 "(-v names them)",
			 l.found, l.found == 1 ? "" : "s", l.missing, l.modules_missing,
			 l.modules_missing == 1 ? "" : "s", c->sysroot.path);
	return r;
}
