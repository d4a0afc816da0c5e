/* SPDX-License-Identifier: MIT */
/* library: the file that a name in DT_NEEDED stands for, looked for as ld.so(8) does. */
#include <errno.h>
#include <fcntl.h>

#include "base/strv.h"
#include "image/ldpath.h"
#include "image/library.h"

/* 0 with `*ret`, -ENOENT, -ENOEXEC: nothing for this machine. */
static int try_path(const struct library_paths *p, const char *path, struct library *ret)
{
	_cleanup_library_ struct library l = { 0 };
	_cleanup_close_ int fd = sysroot_open_file(p->sysroot, path, O_RDONLY);
	int r;

	if (fd < 0)
		return fd == -ENOTDIR ? -ENOENT : fd;
	l.path = strdup(path);
	if (!l.path)
		return -ENOMEM;
	r = content_open_fd(fd, &l.content);
	if (r < 0)
		return r;
	r = elf_open(l.content.data, l.content.size, &l.elf);
	if (r < 0)
		return r;
	if (!elf_same_machine(&l.elf, &p->machine) || !elf_is_loadable(&l.elf))
		return -ENOEXEC;
	*ret = l;
	l = (struct library){ 0 };
	return 0;
}

/* The first that fits; what spoke against the others is remembered in `*why`. */
static int try_directories(const struct library_paths *p, const char *const *dirs, const char *name, int *why,
			   struct library *ret)
{
	for (; dirs && *dirs; dirs++) {
		_cleanup_free_ char *path = NULL;
		int r;

		if (asprintf(&path, "%s/%s", *dirs, name) < 0)
			return -ENOMEM;
		r = try_path(p, path, ret);
		if (r != -ENOENT && r != -ENOEXEC)
			return r;
		*why = r == -ENOEXEC ? r : *why;
	}
	return -ENOENT;
}

/* Is the directory one that a loader without its cache searches by itself? */
static int is_usual(const struct library_paths *p, const char *path, bool *ret)
{
	_cleanup_free_ char *dir = strndup(path, (size_t)(strrchr(path, '/') - path));
	_cleanup_free_ char *canonical = NULL;
	int r;

	if (!dir)
		return -ENOMEM;
	r = sysroot_resolve(p->sysroot, dir, &canonical);
	if (r < 0)
		return r;
	*ret = streq_null(canonical, p->loader_dir);
	return 0;
}

int library_find(const struct library_paths *p, char *const *own, const char *name, struct library *ret)
{
	const char *loader[] = { p->loader_dir, NULL };
	int why = -ENOENT, r;
	bool usual = true;

	if (strchr(name, '/'))
		return try_path(p, name, ret);
	r = try_directories(p, (const char *const *)own, name, &why, ret);
	if (r != -ENOENT)
		return r;
	r = try_directories(p, (const char *const *)p->conf, name, &why, ret);
	if (r == 0 && p->loader_dir) {
		r = is_usual(p, ret->path, &usual);
		ret->needs_alias = !usual;
	}
	if (r != -ENOENT)
		return r;
	r = try_directories(p, loader, name, &why, ret);
	if (r == -ENOENT)
		r = try_directories(p, ldpath_defaults, name, &why, ret);
	return r == -ENOENT ? why : r;
}

char *library_paths_text(const struct library_paths *p, char *const *own)
{
	const char *loader[] = { p->loader_dir, NULL };
	const char *const *lists[] = { (const char *const *)own, (const char *const *)p->conf, loader,
				       ldpath_defaults };
	_cleanup_strv_ char **dirs = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (const char *const *dir = lists[i]; dir && *dir; dir++) {
			_cleanup_free_ char *name = NULL;

			if (asprintf(&name, "%s%s", **dir == '/' ? "" : "/", *dir) < 0 ||
			    (!strv_contains(dirs, name) && strv_push(&dirs, name) < 0))
				return NULL;
		}
	return strv_join(dirs, ", ");
}

void library_free(struct library *l)
{
	free(l->path);
	content_close(&l->content);
	*l = (struct library){ 0 };
}

void library_paths_free(struct library_paths *p)
{
	strv_free(p->conf);
	free(p->loader_dir);
}
