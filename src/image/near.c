/* SPDX-License-Identifier: MIT */
/* near: the modules that /init loads by itself, without libkmod: those in front of the reserve. */
#include <errno.h>
#include <libkmod.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/load-order.h"
#include "image/module-file.h"
#include "image/near.h"

/*
 * Between most machines and their root. A machine that has none of it waits for the reserve, half a second, while each
 * MB here costs every boot 2 ms and each module that a device asks for in vain 10 ms: so no USB and no memory cards,
 * and of file systems the one that is usual where the root's is not known.
 */
static const struct {
	const char *name, *reason;
	bool fs; /* only where the root's is not known */
	const char *beside; /* only where the kernel has that, which brings the same along; NULL: always */
} usual[] = {
	{ "virtio_pci", "disks of virtual machines", false, NULL },
	{ "virtio_mmio", "disks of virtual machines without PCI", false, NULL },
	{ "virtio_blk", "disks of virtual machines", false, NULL },
	{ "virtio_scsi", "disks of virtual machines", false, NULL },
	{ "vmw_pvscsi", "disks of VMware", false, NULL },
	{ "hv_storvsc", "disks of Hyper-V", false, NULL },
	{ "xen_blkfront", "disks of Xen", false, NULL },
	{ "nvme", "NVMe", false, NULL },
	{ "vmd", "NVMe behind Intel VMD", false, NULL },
	{ "ahci", "SATA", false, NULL },
	/* libata is 0.75 MB: not for the IDE disk alone that a kernel for virtual machines may meet. */
	{ "ata_piix", "SATA and PATA of older machines, and of virtual ones", false, "ahci" },
	{ "sd_mod", "disks by SCSI and SATA", false, NULL },
	{ "ext4", "the usual file system of a root", true, NULL },
};

/* 1, 0, or -errno. */
static int has(struct modules *m, const char *name)
{
	_cleanup_strv_ char **paths = NULL;
	int r = modules_find(m, name, &paths);

	return r < 0 ? r : r > 0 || paths;
}

int near_add_usual(struct modules *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		int r = usual[i].beside ? has(m, usual[i].beside) : 1;

		if (r > 0 && (!usual[i].fs || !m->build->config->fstype))
			r = modules_add_name(m, usual[i].name, usual[i].reason, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What is to be loaded, in its order, up to the module itself. */
struct way {
	char **paths; /* strv: in the tree, without the kernel's directory */
	size_t prefix;
	char *last; /* the name of the last one */
	bool refused;
};

static void way_free(struct way *w)
{
	strv_free(w->paths);
	free(w->last);
}

/* load_order's `put`. */
static int put(void *data, struct kmod_module *mod, const struct tree_node *file, const char *why)
{
	struct way *w = data;
	const char *command = kmod_module_get_install_commands(mod);
	int r = string_set(&w->last, kmod_module_get_name(mod));

	w->refused |= command && *command;
	return r < 0 ? r : strv_push(&w->paths, file->path + w->prefix);
}

/* "kernel/a.ko: kernel/b.ko kernel/c.ko": c is loaded first. */
static int write_row(const struct way *w, char **ret)
{
	size_t size, n = strv_length(w->paths);
	FILE *f = open_memstream(ret, &size);

	if (!f)
		return -ENOMEM;
	(void)fprintf(f, "%s:", w->paths[n - 1]);
	for (size_t i = n - 1; i-- > 0;)
		(void)fprintf(f, " %s", w->paths[i]);
	return fclose(f) == 0 ? 0 : -ENOMEM;
}

static int want_files(struct build *b, const struct tree_node *top, const struct way *w)
{
	int r = 0;

	build_into(b, SEGMENT_MAIN);
	STRV_FOREACH(path, w->paths) {
		_cleanup_free_ char *at = NULL;

		if (asprintf(&at, "%s/%s", top->path, *path) < 0)
			return -ENOMEM;
		if (r == 0)
			r = tree_want(&b->tree, tree_find(&b->tree, at));
	}
	build_into(b, SEGMENT_RESERVE);
	return r;
}

/* 1: it may be near; 0: it may not. */
static int find_way(struct modules *m, const char *name, struct way *w)
{
	_cleanup_load_order_ struct load_order o = { .modules = m, .put = put, .data = w };
	int r = load_order_add(&o, name, NULL);

	if (r < 0)
		return r;
	/* Where modprobe.d has another module for the name, that is the last. */
	if (!w->refused && !o.followed && streq_null(w->last, name))
		return 1;
	log_debug("module %s waits for libkmod: modprobe.d or a softdep says more of it than its dependencies", name);
	return 0;
}

static int choose(struct modules *m, const struct tree_node *top, const char *name, struct near *n)
{
	_cleanup_(way_free) struct way w = { .prefix = strlen(top->path) + 1 };
	struct near_module *item = &n->items[n->n];
	int r = find_way(m, name, &w);

	if (r <= 0)
		return r;
	n->n++;
	r = want_files(m->build, top, &w);
	if (r == 0)
		r = write_row(&w, &item->row);
	return r < 0 ? r : string_set(&item->name, name);
}

static int read_aliases(struct modules *m, struct near *n)
{
	struct kmod_config_iter *i = kmod_config_get_aliases(m->kmod);
	int r = i ? 0 : -ENOMEM;

	while (r == 0 && kmod_config_iter_next(i)) {
		r = strv_push(&n->aliases, kmod_config_iter_get_key(i));
		if (r == 0)
			r = strv_push(&n->aliases, kmod_config_iter_get_value(i));
	}
	kmod_config_iter_free_iter(i);
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct near_module *m = a, *n = b;

	return strcmp(m->name, n->name);
}

int near_choose(struct modules *m, struct near *ret)
{
	_cleanup_near_ struct near n = { .items = calloc(strv_length(m->candidates) + 1, sizeof(*n.items)) };
	_cleanup_free_ char *dir = NULL;
	const struct tree_node *top;
	int r;

	if (!n.items || asprintf(&dir, "lib/modules/%s", m->build->config->kernel) < 0)
		return -ENOMEM;
	top = tree_lookup(&m->build->tree, dir);
	r = read_aliases(m, &n);
	STRV_FOREACH(name, m->candidates)
		if (r >= 0)
			r = choose(m, top, *name, &n);
	if (r < 0)
		return r;
	qsort(n.items, n.n, sizeof(*n.items), compare);
	*ret = n;
	n = (struct near){ 0 };
	return 0;
}

const struct near_module *near_find(const struct near *n, const char *name)
{
	const struct near_module key = { .name = (char *)name };

	return n->n > 0 ? bsearch(&key, n->items, n->n, sizeof(key), compare) : NULL;
}

void near_free(struct near *n)
{
	for (size_t i = 0; i < n->n; i++) {
		free(n->items[i].name);
		free(n->items[i].row);
	}
	free(n->items);
	strv_free(n->aliases);
	*n = (struct near){ 0 };
}
