/* SPDX-License-Identifier: MIT */
/*
 * etc: configuration of the system that programs of the image read, as it is there.
 *
 * Taken in only with the program that reads it: what nobody reads only makes an image out of date. fsck's is in
 * fsck.c, modprobe's in modprobe.c, /etc/fstab is read on the root itself. /etc/modules-load.d is left out: it is for
 * the running system, which loads these from its root; force_modules is for the initrd.
 */
#include <errno.h>

#include "base/log.h"
#include "image/build.h"
#include "image/pull.h"

static const struct configuration {
	const char *reader; /* a program, which has what it reads beside it; NULL: /init */
	const char *path;   /* in the sysroot */
	const char *suffix; /* of the files taken in from the directory `path`; NULL: it is a file */
	const char *reason;
} configurations[] = {
	{ NULL, "etc/cmdline.d", ".conf", "options for init" },
	{ "mdadm", "etc/mdadm.conf", NULL, "configuration of mdadm" },
	{ "mdadm", "etc/mdadm.conf.d", ".conf", "configuration of mdadm" },
	{ "mdadm", "etc/mdadm/mdadm.conf", NULL, "configuration of mdadm" },
	{ "mdadm", "etc/mdadm/mdadm.conf.d", ".conf", "configuration of mdadm" },
	{ "lvm", "etc/lvm/lvm.conf", NULL, "configuration of LVM" },
	{ "lvm", "etc/lvm/lvmlocal.conf", NULL, "configuration of LVM" },
	{ "lvm", "etc/lvm/profile", ".profile", "configuration of LVM" },
	{ "loadkeys", "etc/vconsole.conf", NULL, "the keyboard's layout" },
};

static bool has_reader(const struct tree *t, const char *name)
{
	static const char *const dirs[] = { "usr/sbin", "usr/bin", "sbin", "bin" };

	for (size_t i = 0; name && i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", dirs[i], name) >= 0 && tree_lookup(t, path))
			return true;
	}
	return !name;
}

static int add(struct build *b, const struct configuration *c)
{
	const struct sysroot *s = &b->config->sysroot;
	const struct pull p = { .path = c->path, .flags = TREE_DATA, .reason = c->reason };
	int r = 0;

	if (c->suffix)
		r = pull_directory(&b->tree, s, &p, c->suffix);
	else if (sysroot_has(s, c->path))
		r = pull(&b->tree, s, &p, NULL);
	return r < 0 ? log_errno(r, "cannot take in /%s from %s", c->path, s->path) : 0;
}

int etc_add(struct build *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(configurations); i++) {
		int r;

		build_into(b, configurations[i].reader ? SEGMENT_RESERVE : SEGMENT_MAIN);
		r = has_reader(&b->tree, configurations[i].reader) ? add(b, &configurations[i]) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}
