/* SPDX-License-Identifier: MIT */
/* layer: from a block device down to the disks that it stands on. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "base/strv.h"
#include "image/survey.h"
#include "image/sysfs.h"

/* What made the table, as dm's uuid begins. The first that fits counts. */
static const struct dm_owner {
	const char *uuid;
	enum layer_kind kind;
} dm_owners[] = {
	{ "CRYPT-VERITY-", LAYER_VERITY    },
	{ "CRYPT-",        LAYER_CRYPT     },
	{ "LVM-",          LAYER_LVM       },
	{ "mpath-",        LAYER_MULTIPATH },
	{ "",              LAYER_DM        },
};

/* An attribute that only one kind of device has, and what its value is good for. */
static const struct sign {
	const char *attribute;
	enum layer_kind kind;
	bool keep; /* the value is the layer's detail */
} signs[] = {
	{ "partition",         LAYER_PARTITION, false },
	{ "dm/uuid",           LAYER_DM,        true  },
	{ "md/level",          LAYER_RAID,      true  },
	{ "loop/backing_file", LAYER_LOOP,      true  },
};

static enum layer_kind kind_of_dm(const char *uuid)
{
	size_t i = 0;

	while (!startswith(uuid, dm_owners[i].uuid))
		i++;
	return dm_owners[i].kind;
}

/* All paths to one namespace are seen as one disk, which hangs on none of them. drivers/nvme/host/multipath.c */
static bool is_nvme_head(const char *path)
{
	return startswith(path, "devices/virtual/nvme-subsystem/");
}

/* "external:/md127/0": a volume of the container md127. Documentation/admin-guide/md.rst */
static int find_metadata(struct survey *s, const char *path, struct target_layer *l)
{
	_cleanup_free_ char *version = NULL;
	int r = sysfs_read(s->from->sysfd, path, "md/metadata_version", &version);

	l->external = version && startswith(version, "external:");
	return r;
}

static int find_kind(struct survey *s, const char *path, struct target_layer *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		_cleanup_free_ char *value = NULL;
		int r = sysfs_read(s->from->sysfd, path, signs[i].attribute, &value);

		if (r < 0)
			return r;
		if (!value)
			continue;
		l->kind = signs[i].kind == LAYER_DM ? kind_of_dm(value) : signs[i].kind;
		if (signs[i].keep)
			l->detail = TAKE_PTR(value);
		return l->kind == LAYER_RAID ? find_metadata(s, path, l) : 0;
	}
	if (startswith(l->name, "bcache"))
		l->kind = LAYER_BCACHE;
	else if (startswith(path, "devices/virtual/") && !is_nvme_head(path))
		l->kind = LAYER_OTHER;
	else
		l->kind = LAYER_DISK;
	return 0;
}

static int add_slaves(struct survey *s, const char *path, const struct target_layer *l)
{
	_cleanup_free_ char *dir = NULL;
	_cleanup_strv_ char **slaves = NULL;
	int r;

	if (asprintf(&dir, "%s/slaves", path) < 0)
		return -ENOMEM;
	r = sysfs_list(s->from->sysfd, dir, "", &slaves);
	STRV_FOREACH(name, slaves) {
		_cleanup_free_ char *slave = NULL;

		if (r == 0)
			r = sysfs_follow(s->from->sysfd, dir, *name, &slave);
		if (r == 0 && slave)
			r = layer_add(s, slave);
	}
	return r;
}

/* The slave is what is cached; the cache is found by the set that it belongs to. drivers/md/bcache/super.c */
static int add_cached(struct survey *s, const char *path, const struct target_layer *l)
{
	_cleanup_free_ char *cached = NULL, *set = NULL;
	_cleanup_strv_ char **names = NULL;
	int r = add_slaves(s, path, l);

	if (r == 0)
		r = sysfs_follow(s->from->sysfd, path, "bcache", &cached);
	if (r == 0 && cached)
		r = sysfs_follow(s->from->sysfd, cached, "cache", &set);
	if (r == 0 && set)
		r = sysfs_list(s->from->sysfd, set, "cache", &names);
	STRV_FOREACH(name, names) {
		_cleanup_free_ char *member = NULL, *disk = NULL;

		/* "…/sde/bcache"; beside it there are attributes, "cache_available_percent". */
		if (r == 0)
			r = sysfs_follow(s->from->sysfd, set, *name, &member);
		disk = r == 0 && member ? sysfs_parent(member) : NULL;
		if (disk)
			r = layer_add(s, disk);
	}
	return r;
}

static int add_whole(struct survey *s, const char *path, const struct target_layer *l)
{
	_cleanup_free_ char *disk = sysfs_parent(path);

	return disk ? layer_add(s, disk) : -ENOMEM;
}

/* The links in a subsystem's directory: to its controllers. */
static int add_paths(struct survey *s, const char *subsystem)
{
	_cleanup_strv_ char **names = NULL;
	int r = sysfs_list(s->from->sysfd, subsystem, "nvme", &names);

	STRV_FOREACH(name, names) {
		_cleanup_free_ char *controller = NULL;

		if (r == 0)
			r = sysfs_follow(s->from->sysfd, subsystem, *name, &controller);
		if (r == 0 && controller)
			r = chain_add(s, controller, false);
	}
	return r;
}

static int add_hardware(struct survey *s, const char *path, const struct target_layer *l)
{
	_cleanup_free_ char *above = sysfs_parent(path);

	if (!above)
		return -ENOMEM;
	return is_nvme_head(path) ? add_paths(s, above) : chain_add(s, above, false);
}

static int add_file(struct survey *s, const char *path, const struct target_layer *l)
{
	return origin_add_below(s, l->detail);
}

static int add_nothing(struct survey *s, const char *path, const struct target_layer *l)
{
	return 0;
}

static int (*const below[])(struct survey *s, const char *path, const struct target_layer *l) = {
	[LAYER_DISK] = add_hardware,
	[LAYER_PARTITION] = add_whole,
	[LAYER_CRYPT] = add_slaves,
	[LAYER_LVM] = add_slaves,
	[LAYER_MULTIPATH] = add_slaves,
	[LAYER_VERITY] = add_slaves,
	[LAYER_DM] = add_slaves,
	[LAYER_RAID] = add_slaves,
	[LAYER_LOOP] = add_file,
	[LAYER_BCACHE] = add_cached,
	[LAYER_OTHER] = add_nothing,
};

static void layer_free(struct target_layer *l)
{
	free(l->name);
	free(l->detail);
}

static int append(struct target *t, struct target_layer *l)
{
	struct target_layer *grown = realloc(t->layers, (t->n_layers + 1) * sizeof(*l));

	if (!grown)
		return -ENOMEM;
	t->layers = grown;
	t->layers[t->n_layers++] = *l;
	*l = (struct target_layer){ 0 };
	return 0;
}

int layer_add(struct survey *s, const char *path)
{
	_cleanup_(layer_free) struct target_layer l = { .name = strdup(sysfs_name(path)) };
	_cleanup_free_ char *number = NULL;
	unsigned int major, minor;
	int r;

	if (!l.name)
		return -ENOMEM;
	/* In the list of what was seen, not only in that of layers: a loop device may lie on itself. */
	if (strv_contains(s->seen, path))
		return 0;
	if ((r = strv_push(&s->seen, path)) < 0 || (r = sysfs_read(s->from->sysfd, path, "dev", &number)) < 0)
		return r;
	if (!number || sscanf(number, "%u:%u", &major, &minor) != 2)
		return survey_why(s, -ENODEV, "/sys/%s has no device number", path);
	l.dev = makedev(major, minor);
	if ((r = find_kind(s, path, &l)) < 0 || (r = below[l.kind](s, path, &l)) < 0)
		return r;
	return append(s->target, &l);
}
