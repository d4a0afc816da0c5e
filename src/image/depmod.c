/* SPDX-License-Identifier: MIT */
/* depmod: the modules' index, for just the modules that are in the tree. */
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/log.h"
#include "image/depmod.h"
#include "image/module-index.h"
#include "image/tempdir.h"
#include "image/tool.h"

#define INDEX_MAX (256 << 20)

/*
 * What libkmod opens at run time. The texts beside the .bin files are for readers, and they are
 * large: a generic image would carry 0.7 MB of them, unpacked at every boot.
 */
static const char *const index_files[] = {
	"modules.alias.bin",   "modules.builtin.alias.bin", "modules.builtin.bin",
	"modules.dep.bin",     "modules.devname",           "modules.softdep",
	"modules.symbols.bin",
};

/* What depmod reads besides the modules; the kernel's build wrote them. */
static const char *const kernel_files[] = { "modules.builtin", "modules.builtin.modinfo",
					    "modules.order" };

struct workshop {
	struct tempdir top;
	int fd; /* its usr/lib/modules/KVER */
};

static void workshop_close(struct workshop *w)
{
	close_fd(&w->fd);
	tempdir_close(&w->top);
}

/* depmod looks below /lib/modules or /usr/lib/modules, as it was built: here they are the same. */
static int workshop_open(const struct config *c, struct workshop *ret)
{
	_cleanup_(workshop_close) struct workshop w = { .top = TEMPDIR_NONE, .fd = -EBADF };
	_cleanup_free_ char *modules = NULL;
	int r = tempdir_open(&w.top);

	if (r < 0)
		return r;
	if (asprintf(&modules, "usr/lib/modules/%s", c->kernel) < 0)
		return -ENOMEM;
	r = file_mkdir_parents(w.top.fd, modules, 0700);
	if (r == 0 && (mkdirat(w.top.fd, "depmod.d", 0700) < 0 || symlinkat("usr/lib", w.top.fd, "lib") < 0))
		r = -errno;
	if (r == 0) {
		w.fd = openat(w.top.fd, modules, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = w.fd < 0 ? -errno : 0;
	}
	if (r < 0)
		return log_errno(r, "cannot work in the temporary directory %s", w.top.path);
	*ret = w;
	w = (struct workshop){ .top = TEMPDIR_NONE, .fd = -EBADF };
	return 0;
}

/* A symlink to a file of the sysroot, by its place on the host. */
static int link_source(const struct sysroot *s, const char *source, int fd, const char *name)
{
	_cleanup_free_ char *canonical = NULL, *target = NULL;
	int r = sysroot_resolve(s, source, &canonical);

	if (r < 0)
		return r;
	target = sysroot_path(s, canonical);
	if (!target)
		return -ENOMEM;
	return symlinkat(target, fd, name) < 0 ? -errno : 0;
}

static int link_modules(struct build *b, int fd)
{
	_cleanup_free_ char *dir = NULL;
	const struct tree_node *top;
	size_t n;

	if (asprintf(&dir, "lib/modules/%s", b->config->kernel) < 0)
		return -ENOMEM;
	top = tree_lookup(&b->tree, dir);
	n = strlen(top->path);
	/* In the order of adding: directories come before what is in them. */
	TREE_FOREACH(node, &b->tree) {
		const char *name = node->path + n + 1;
		int r = 0;

		if (strncmp(node->path, top->path, n) != 0 || node->path[n] != '/')
			continue;
		if (S_ISDIR(node->mode))
			r = mkdirat(fd, name, 0700) < 0 ? -errno : 0;
		else
			r = link_source(&b->config->sysroot, node->source, fd, name);
		if (r < 0)
			return log_errno(r, "cannot index /%s", node->path);
	}
	return 0;
}

static int link_kernel_files(struct build *b, int fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernel_files); i++) {
		_cleanup_free_ char *path = NULL;
		int r;

		if (asprintf(&path, "%s/%s", b->config->modules, kernel_files[i]) < 0)
			return -ENOMEM;
		r = link_source(&b->config->sysroot, path, fd, kernel_files[i]);
		/* A kernel without that list; depmod warns unless it is there, if empty. */
		if (r == -ENOENT)
			r = file_write(fd, kernel_files[i], "", 0600);
		if (r < 0)
			return log_errno(r, "cannot index %s", path);
	}
	return 0;
}

static int run_depmod(const struct workshop *w, const char *kernel)
{
	_cleanup_free_ char *config = NULL;
	int r;

	if (asprintf(&config, "%s/depmod.d", w->top.path) < 0)
		return -ENOMEM;
	/* -C: the host's own depmod.d is not for this tree. */
	r = tool_run((const char *const[]){ "depmod", "-C", config, "-b", w->top.path, kernel, NULL },
		     "index the modules");
	if (r == -ENOENT)
		log_error("cannot index the modules: there is no depmod here; install the package kmod");
	return r;
}

static int take_index(struct build *b, const struct workshop *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(index_files); i++) {
		_cleanup_free_ char *bytes = NULL;
		size_t size;
		int r = file_read(w->fd, index_files[i], INDEX_MAX, &bytes, &size);

		/* Which of them there are depends on depmod's version. */
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return log_errno(r, "cannot read depmod's %s", index_files[i]);
		r = module_index_add_file(b, index_files[i], bytes, size);
		if (r < 0)
			return r;
	}
	return 0;
}

int depmod_add(struct build *b)
{
	_cleanup_(workshop_close) struct workshop w = { .top = TEMPDIR_NONE, .fd = -EBADF };
	int r;

	if ((r = workshop_open(b->config, &w)) < 0 || (r = link_modules(b, w.fd)) < 0 ||
	    (r = link_kernel_files(b, w.fd)) < 0 || (r = run_depmod(&w, b->config->kernel)) < 0)
		return r;
	return take_index(b, &w);
}
