/* SPDX-License-Identifier: MIT */
/* match: is this device the one that a spec names? */
#include "init/match.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "base/strv.h"
#include "init/gpt.h"
#include "init/lvname.h"
#include "init/medium.h"

static bool equal_nocase(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

static bool is_filesystem(const struct device *dev)
{
	/* Members of an array carry the array's UUID, and a LUKS container its own: neither is the file system. */
	return !dev->tags.ambivalent && dev->tags.usage && streq(dev->tags.usage, "filesystem");
}

/* "CRYPT-LUKS2-", the UUID without its dashes, "-", the name: cryptsetup, lib/libdevmapper.c. */
static bool is_mapping_of(const char *dm_uuid, const char *uuid)
{
	const char *p = startswith(dm_uuid, "CRYPT-LUKS");

	if (!p || !*p || p[1] != '-')
		return false;
	p += 2;
	for (; *uuid; uuid++)
		if (*uuid != '-' && tolower((unsigned char)*p++) != tolower((unsigned char)*uuid))
			return false;
	return *p == '-';
}

/* root=UUID= of a LUKS container means the file system in it; its header need not be on the device below. */
static bool is_opened_from(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	if (dev->dm_uuid && is_mapping_of(dev->dm_uuid, spec->value))
		return is_filesystem(dev);
	STRV_FOREACH(name, dev->slaves) {
		const struct device *base = devices_find(devices, *name);

		if (base && streq_null(base->tags.type, "crypto_LUKS") &&
		    equal_nocase(base->tags.uuid, spec->value))
			return is_filesystem(dev);
	}
	return false;
}

static bool has_uuid(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	if (equal_nocase(dev->tags.uuid, spec->value))
		return is_filesystem(dev) || streq_null(dev->tags.usage, "other"); /* swap */
	return is_opened_from(spec, dev, devices);
}

static bool has_label(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	return streq_null(dev->tags.label, spec->value) &&
	       (is_filesystem(dev) || streq_null(dev->tags.usage, "other"));
}

/* The partition itself, or the part_offset-th after it on the same disk. */
static bool has_partuuid(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	if (spec->part_offset == 0)
		return equal_nocase(dev->tags.partuuid, spec->value);
	for (size_t i = 0; i < devices->n; i++) {
		const struct device *base = devices->items[i];

		if (equal_nocase(base->tags.partuuid, spec->value) && base->parent &&
		    streq_null(base->parent, dev->parent) && dev->partn == base->partn + spec->part_offset)
			return true;
	}
	return false;
}

static bool has_link(const struct device *dev, const char *directory, const char *name)
{
	STRV_FOREACH(link, dev->links) {
		const char *rest = startswith(*link, directory);

		if (rest && streq(rest, name))
			return true;
	}
	return false;
}

/* The whole name, as udev would write it: "7", "7-part1". */
static bool has_diskseq(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	char name[64];

	if (dev->diskseq == 0)
		return false;
	if (dev->parent)
		(void)snprintf(name, sizeof(name), "%llu-part%d", (unsigned long long)dev->diskseq, dev->partn);
	else
		(void)snprintf(name, sizeof(name), "%llu", (unsigned long long)dev->diskseq);
	return streq(name, spec->value);
}

static bool has_partlabel(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	return streq_null(dev->tags.partlabel, spec->value);
}

static bool is_volume(const struct device *dev, const char *name)
{
	struct lvname wanted, has;

	return dev->dm_uuid && startswith(dev->dm_uuid, "LVM-") && strchr(name, '/') &&
	       lvname_read(name, &wanted) && lvname_read(dev->dm_name, &has) && lvname_equal(&wanted, &has);
}

/* mdadm names an array "host:name", in the superblock of each member. */
static bool is_array_named(const struct device *dev, const char *name, const struct devices *devices)
{
	STRV_FOREACH(slave, dev->slaves) {
		const struct device *member = devices_find(devices, *slave);
		const char *label = member ? member->tags.label : NULL, *colon = label ? strchr(label, ':') : NULL;

		if (streq_null(colon ? colon + 1 : label, name))
			return true;
	}
	return false;
}

/* Below /dev: the kernel's own name, or what lvm and mdadm make of theirs: "vg/lv", "md/name". */
static bool has_name(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	const char *array = startswith(spec->value, "md/");

	if (streq(dev->devname, spec->value))
		return true;
	if (dev->md_state && array)
		return is_array_named(dev, array, devices);
	return is_volume(dev, spec->value);
}

static bool has_dm_name(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	return streq_null(dev->dm_name, spec->value);
}

static bool has_devno(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	return dev->devno == spec->devno;
}

static bool has_id(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	return has_link(dev, "by-id/", spec->value);
}

static bool has_path(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	return has_link(dev, "by-path/", spec->value);
}

/* A mapping of a volume of a partition of a loop device: no stack is that high. */
#define HEIGHT_MAX 16

static bool stands_on_file(const struct device *dev, const struct devices *devices, int height)
{
	const struct device *disk;

	if (!dev || height > HEIGHT_MAX)
		return false;
	if (dev->file && startswith(dev->file, ROOTFILE_HOST "/"))
		return true;
	disk = dev->parent ? devices_find(devices, dev->parent) : NULL;
	if (disk && stands_on_file(disk, devices, height + 1))
		return true;
	STRV_FOREACH(name, dev->slaves)
		if (stands_on_file(devices_find(devices, *name), devices, height + 1))
			return true;
	return false;
}

bool spec_reaches(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	/* Nothing but a container can lie between such a partition and its file system. */
	if (spec->kind == SPEC_GPT)
		return streq_null(dev->tags.type, "crypto_LUKS");
	return spec->kind != SPEC_INSIDE || stands_on_file(dev, devices, 0);
}

static bool is_inside(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	return is_filesystem(dev) && stands_on_file(dev, devices, 0);
}

/* Itself, or what a LUKS container in it was opened as. */
static bool has_gpt_type(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	if (gpt_names(spec, dev, devices))
		return is_filesystem(dev);
	STRV_FOREACH(name, dev->slaves) {
		const struct device *base = devices_find(devices, *name);

		if (base && gpt_names(spec, base, devices) && dev->dm_uuid && startswith(dev->dm_uuid, "CRYPT-"))
			return is_filesystem(dev);
	}
	return false;
}

static bool is_any(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	return is_filesystem(dev);
}

static bool is_holding(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	return is_filesystem(dev) && streq_null(dev->holds, spec->value);
}

static bool always(const char *value)
{
	return true;
}

/* The kernel's own names of arrays and mappings, or names in a directory of their own: "vg/lv", "md/name". */
static bool is_stacked_name(const char *value)
{
	return startswith(value, "md") || startswith(value, "dm-") || strchr(value, '/');
}

static bool is_stacked_id(const char *value)
{
	return startswith(value, "md-") || startswith(value, "dm-") || startswith(value, "lvm-pv-");
}

static const struct matcher {
	bool (*matches)(const struct spec *spec, const struct device *dev, const struct devices *devices);
	bool of_tags;                        /* only the content can tell */
	bool (*stacked)(const char *value);  /* could it stand on other devices? NULL: no */
} matchers[] = {
	[SPEC_NONE]      = { NULL,          false, NULL            },
	[SPEC_UUID]      = { has_uuid,      true,  always          },
	[SPEC_LABEL]     = { has_label,     true,  always          },
	[SPEC_PARTUUID]  = { has_partuuid,  true,  always          },
	[SPEC_PARTLABEL] = { has_partlabel, true,  always          },
	[SPEC_NAME]      = { has_name,      false, is_stacked_name },
	[SPEC_DM_NAME]   = { has_dm_name,   false, always          },
	[SPEC_DEVNO]     = { has_devno,     false, NULL            },
	[SPEC_DISKSEQ]   = { has_diskseq,   false, NULL            },
	[SPEC_ID]        = { has_id,        false, is_stacked_id   },
	[SPEC_PATH]      = { has_path,      false, NULL            },
	[SPEC_GPT]       = { has_gpt_type,  true,  always          },
	[SPEC_INSIDE]    = { is_inside,     true,  always          },
	[SPEC_ANY]       = { is_any,        true,  NULL            },
	[SPEC_HOLDING]   = { is_holding,    true,  always          },
};

/* By which tag a member differs from the others of the same whole. */
static const struct member_kind {
	const char *type;
	bool sub; /* the whole's UUID is the same in all */
} member_kinds[] = {
	{ "crypto_LUKS",       false },
	{ "LVM2_member",       false },
	{ "linux_raid_member", true  },
	{ "btrfs",             true  },
};

static bool is_copy(const struct device *a, const struct device *b)
{
	if (b->probe != PROBE_DONE || !a->tags.uuid || !streq_null(b->tags.uuid, a->tags.uuid))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(member_kinds); i++)
		if (streq_null(a->tags.type, member_kinds[i].type) && streq_null(b->tags.type, member_kinds[i].type))
			return !member_kinds[i].sub ||
			       (a->tags.sub_uuid && streq_null(b->tags.sub_uuid, a->tags.sub_uuid));
	return false;
}

const struct device *devices_copy(const struct devices *devices, const struct device *dev)
{
	if (dev->probe != PROBE_DONE)
		return NULL;
	for (size_t i = 0; i < devices->n; i++) {
		const struct device *other = devices->items[i];

		if (other != dev && is_copy(dev, other) && !strv_contains(other->slaves, dev->name) &&
		    !strv_contains(dev->slaves, other->name) && devices_origin(devices, other) != dev)
			return other;
	}
	return NULL;
}

/* By the end of its UUID: lvm2 puts a volume's data ("-real") below the origin and below each of its snapshots. */
static const struct device *slave_of_kind(const struct devices *devices, const struct device *dev, const char *end)
{
	STRV_FOREACH(name, dev->slaves) {
		const struct device *slave = devices_find(devices, *name);

		if (slave && slave->dm_uuid && endswith(slave->dm_uuid, end))
			return slave;
	}
	return NULL;
}

const struct device *devices_origin(const struct devices *devices, const struct device *dev)
{
	const struct device *data = slave_of_kind(devices, dev, "-real");

	if (!data || !slave_of_kind(devices, dev, "-cow"))
		return NULL;
	for (size_t i = 0; i < devices->n; i++) {
		const struct device *other = devices->items[i];

		if (strv_contains(other->slaves, data->name) && !slave_of_kind(devices, other, "-cow") &&
		    streq_null(other->tags.uuid, dev->tags.uuid))
			return other;
	}
	return NULL;
}

bool spec_copies_are_alike(const struct spec *spec, const struct device *match)
{
	return spec->kind == SPEC_UUID && is_filesystem(match) && match->tags.type &&
	       equal_nocase(match->tags.uuid, spec->value);
}

bool spec_is_of_tags(const struct spec *spec)
{
	return matchers[spec->kind].of_tags || spec->fstype;
}

bool spec_may_be_stacked(const struct spec *spec)
{
	return matchers[spec->kind].stacked && matchers[spec->kind].stacked(spec->value);
}

bool spec_matches(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	const struct matcher *m = &matchers[spec->kind];

	/* What is inside of a volume may hold the same as the volume, as a snapshot does: by its own name only. */
	if (m->of_tags && (lvname_is_private(dev->dm_name, dev->dm_uuid) || devices_origin(devices, dev) ||
			   medium_is_partition(dev, devices)))
		return false;
	return m->matches && m->matches(spec, dev, devices) && medium_fits(spec, dev);
}

/* By what is written on it, whatever that is good for: a container, a header. */
bool spec_names_container(const struct spec *spec, const struct device *dev, const struct devices *devices)
{
	return spec->kind == SPEC_UUID	  ? equal_nocase(dev->tags.uuid, spec->value)
	       : spec->kind == SPEC_LABEL ? streq_null(dev->tags.label, spec->value)
					  : spec_matches(spec, dev, devices);
}

bool place_is_on(const struct place *place, const struct device *dev, const struct devices *devices)
{
	if (dev->probe != PROBE_DONE)
		return false;
	return place->path ? dev->tags.type && spec_matches(&place->device, dev, devices)
			   : spec_names_container(&place->device, dev, devices);
}

bool place_is_there(const struct place *place, const struct devices *devices)
{
	if (place->device.kind == SPEC_NONE)
		return true;
	for (size_t i = 0; i < devices->n; i++)
		if (place_is_on(place, devices->items[i], devices))
			return true;
	return false;
}

const struct volume *volume_of(const struct boot *boot, const struct device *dev, const struct devices *devices)
{
	for (size_t i = 0; i < boot->volumes_n; i++)
		if (spec_names_container(&boot->volumes[i].source, dev, devices))
			return &boot->volumes[i];
	return NULL;
}
