/* SPDX-License-Identifier: MIT */
/* imagename: where a distribution's boot loader looks for the image of a kernel. */
#include <errno.h>

#include "base/assignment.h"
#include "base/strv.h"
#include "image/imagename.h"
#include "image/osrelease.h"

struct naming {
	const char *id; /* of os-release */
	const char *before, *after; /* what stands around the kernel's version … */
	bool by_package; /* … or around the name that the kernel's package gives itself in `pkgbase` */
};

/* As each distribution's own generator names it. */
static const struct naming namings[] = {
	{ "debian", "initrd.img-", "",     false },
	{ "arch",   "initramfs-",  ".img", true  },
	{ "fedora", "initramfs-",  ".img", false },
	{ "rhel",   "initramfs-",  ".img", false },
	{ "suse",   "initrd-",     "",     false },
	{ "gentoo", "initramfs-",  ".img", false },
	{ "void",   "initramfs-",  ".img", false },
};

/* ID comes first, then ID_LIKE from the nearest relative on. Debian's is the one that grub-mkconfig tries first. */
static int find_naming(const struct sysroot *s, const struct naming **ret)
{
	_cleanup_free_ char *text = NULL, *id = NULL, *like = NULL;
	_cleanup_strv_ char **ids = NULL;
	int r = osrelease_read(s, &text);

	*ret = &namings[0];
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (((r = assignment_value(text, "ID", &id)) < 0 && r != -ENOENT) ||
	    ((r = assignment_value(text, "ID_LIKE", &like)) < 0 && r != -ENOENT))
		return r;
	if ((r = strv_split(&ids, id ?: "", " ")) < 0 || (r = strv_split(&ids, like ?: "", " ")) < 0)
		return r;
	STRV_FOREACH(word, ids)
		for (size_t i = 0; i < ARRAY_SIZE(namings); i++)
			if (streq(namings[i].id, *word)) {
				*ret = &namings[i];
				return 0;
			}
	return 0;
}

/* "linux-lts"; -ENOENT where there is no such name, or none that could be part of a file's. */
static int read_pkgbase(const struct sysroot *s, const char *modules, char **ret)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	int r;

	if (asprintf(&path, "%s/pkgbase", modules) < 0)
		return -ENOMEM;
	r = sysroot_read(s, path, &text);
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	if (!*text || strchr(text, '/'))
		return -ENOENT;
	*ret = TAKE_PTR(text);
	return 0;
}

int imagename_choose(const struct sysroot *s, const char *modules, const char *kernel, char **ret)
{
	_cleanup_free_ char *package = NULL;
	const struct naming *naming;
	int r = find_naming(s, &naming);

	if (r == 0 && naming->by_package)
		r = read_pkgbase(s, modules, &package);
	if (r < 0 && r != -ENOENT)
		return r;
	return asprintf(ret, "boot/%s%s%s", naming->before, package ?: kernel, naming->after) < 0 ? -ENOMEM : 0;
}
