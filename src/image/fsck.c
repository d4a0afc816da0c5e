/* SPDX-License-Identifier: MIT */
/* fsck: the checker of the root's file system. */
#include <errno.h>

#include "base/log.h"
#include "image/build.h"
#include "image/fsck.h"
#include "image/program.h"
#include "image/pull.h"

static const struct checked checked[] = {
	{ "ext4",     "e2fsprogs",  true,  "/etc/e2fsck.conf" },
	{ "ext3",     "e2fsprogs",  false, "/etc/e2fsck.conf" },
	{ "ext2",     "e2fsprogs",  false, "/etc/e2fsck.conf" },
	{ "vfat",     "dosfstools", true,  NULL               },
	{ "f2fs",     "f2fs-tools", true,  NULL               },
	{ "exfat",    "exfatprogs", false, NULL               },
	{ "jfs",      "jfsutils",   false, NULL               },
	/* Their fsck.TYPE is a script that does nothing: mounting replays the log. */
	{ "xfs",      NULL,         false, NULL               },
	{ "btrfs",    NULL,         false, NULL               },
	/* Never written to. */
	{ "erofs",    NULL,         false, NULL               },
	{ "squashfs", NULL,         false, NULL               },
	{ "iso9660",  NULL,         false, NULL               },
	{ "overlay",  NULL,         false, NULL               },
};

const struct checked *checked_find(const char *fstype)
{
	for (size_t i = 0; i < ARRAY_SIZE(checked); i++)
		if (streq(checked[i].fstype, fstype))
			return &checked[i];
	return NULL;
}

/* -ENOENT, quietly, where the sysroot has none. */
static int add_checker(struct build *b, const char *fstype, const char *reason)
{
	_cleanup_free_ char *name = NULL, *usual = NULL;

	if (asprintf(&name, "fsck.%s", fstype) < 0 ||
	    asprintf(&usual, "usr/sbin/fsck.%s", fstype) < 0)
		return -ENOMEM;
	return program_add(b, name, usual, reason, NULL);
}

static int add_config(struct build *b, const char *path)
{
	const struct sysroot *s = &b->config->sysroot;
	int r;

	if (!path || !sysroot_has(s, path))
		return 0;
	r = pull(&b->tree, s,
		 &(struct pull){ .path = path,
				 .flags = TREE_DATA,
				 .reason = "configuration of fsck" },
		 NULL);
	return r < 0 ? log_errno(r, "cannot take in %s from %s", path, s->path) : 0;
}

struct place {
	const char *name, *fstype, *from; /* "root", and who says of which type it is */
};

static int add_known(struct build *b, const struct place *p)
{
	const struct checked *type = checked_find(p->fstype);
	_cleanup_free_ char *reason = NULL;
	int r;

	if (type && !type->package)
		return 0;
	if (asprintf(&reason, "checks the %s", p->name) < 0)
		return -ENOMEM;
	r = add_checker(b, p->fstype, reason);
	/* prove_fsck() says so. */
	if (r == -ENOENT)
		return 0;
	return r == 0 && type ? add_config(b, type->config) : r;
}

static int add_generic(struct build *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(checked); i++) {
		int r;

		if (!checked[i].generic)
			continue;
		/* Most roots are ext4. */
		build_into(b, i == 0 ? SEGMENT_MAIN : SEGMENT_RESERVE);
		r = add_checker(b, checked[i].fstype, "checks the root, if it is of that type");
		if (r == 0)
			r = add_config(b, checked[i].config);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

/* A /usr of its own may be of another type. */
static int add_usr(struct build *b)
{
	const struct config *c = b->config;

	build_into(b, SEGMENT_MAIN);
	if (!c->usr_fstype || streq_null(c->usr_fstype, c->fstype))
		return 0;
	return add_known(b, &(struct place){ "/usr", c->usr_fstype, c->usr_fstype_from });
}

/* The root is in a file of another file system, which is mounted for writing, too. */
static int add_below(struct build *b)
{
	const struct config *c = b->config;
	const struct target_fs *fs = target_find_fs(&c->target, USE_BELOW);

	if (!fs || !fs->fstype || streq_null(fs->fstype, c->fstype) || streq_null(fs->fstype, c->usr_fstype))
		return 0;
	return add_known(b, &(struct place){ "file system that the root's file is on", fs->fstype, fs->source });
}

int fsck_add(struct build *b)
{
	const struct config *c = b->config;
	int r = c->fstype ? add_known(b, &(struct place){ "root", c->fstype, c->fstype_from }) : add_generic(b);

	if (r == 0)
		r = add_usr(b);
	return r < 0 ? r : add_below(b);
}
