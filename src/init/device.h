/* SPDX-License-Identifier: MIT */
/* device: what *is*: the block devices, filled by uevents (name, number, parent) and probes (tags). */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "init/uevent.h"

/* What libblkid read from the device; NULL where it has none. Owned. */
struct tags {
	char *type;      /* "ext4", "crypto_LUKS", … */
	char *usage;     /* "filesystem", "crypto", "raid", "other" */
	char *uuid;      /* of the whole: a member carries its array's, its pool's */
	char *sub_uuid;  /* of this member: md, btrfs */
	char *label;
	char *partuuid;
	char *partlabel;
	char *parttype;  /* the type of the partition itself, a UUID or "0x83" */
	char *partflags; /* its attributes, "0x1000000000000000" */
	char *pttype;    /* it holds a partition table: "gpt", "dos" */
	bool ambivalent; /* signatures of several kinds: not to be mounted on a guess */
};

/* What a PV, a device of a btrfs or a member of an array is a part of, as ACTION_SCAN has found. */
struct membership {
	char *group;        /* the volume group's name; owned */
	bool complete;      /* all its members are there */
	unsigned int total; /* how many members it should have; 0: not told */
};

enum probe_state {
	PROBE_NONE,    /* not asked, or it changed since */
	PROBE_RUNNING,
	PROBE_COMPARING, /* looked at for nothing but a copy of another, see compare.h */
	PROBE_DONE,    /* tags hold what there is */
	PROBE_FAILED,  /* see attempts */
};

struct device {
	char *name;     /* the kernel's, "vda1", "dm-0", with '!' as in sysfs */
	char *devname;  /* below /dev */
	char *devpath;  /* below /sys */
	char *parent;   /* name of the disk that this is a partition of, or NULL */
	char *dm_name;  /* dm/name */
	char *dm_uuid;  /* dm/uuid: "CRYPT-LUKS2-…", "LVM-…" */
	char *md_level; /* md/level: "raid1", "container"; NULL: no array, or one that does not run yet */
	char *md_state; /* md/array_state: "inactive", "clean", "read-auto" …; NULL: no array */
	char *file;     /* loop/backing_file: of a loop device, the path of its file; NULL: none */
	char **slaves;  /* strv: names of the devices that it stands on */
	dev_t devno;
	int partn;
	uint64_t diskseq;
	uint64_t sectors; /* of 512 bytes; 0: no medium, or no table yet */
	bool read_only;
	bool removable;   /* the kernel says so, or it hangs on USB */
	uint64_t announced; /* differs for each message about any device: what was read before is stale */
	enum probe_state probe;
	uint64_t probe_since; /* PROBE_RUNNING, PROBE_COMPARING: CLOCK_MONOTONIC µs */
	uint64_t compared;    /* PROBE_NONE: `announced` of the device that it was compared with; 0: with none */
	bool alike;           /* it holds the same as that one, as far as was looked */
	uint64_t probed_at;   /* PROBE_DONE: the same */
	uint64_t read_upto;   /* PROBE_DONE: `announced` of the last device that had come by then; 0: not known */
	struct tags tags;
	struct membership membership;
	char *holds;      /* the path of a file that was looked for and is on it; NULL: none */
	char **links;   /* names below /dev/disk: "by-id/virtio-…", "by-path/pci-…" */
};

struct devices {
	struct device **items;
	size_t n;
	uint64_t announced; /* how many messages there were */
};

/*
 * Takes in what a uevent of subsystem "block" says; further attributes are read below `sysfd` (/sys). A
 * changed device is to be probed again. 0 or -errno; other subsystems are ignored.
 */
int devices_apply(struct devices *d, int sysfd, const struct uevent *u);

/*
 * Reads anew the attributes that a uevent does not carry: size, and what it stands on. For an array that gets its
 * members one by one the kernel announces nothing until it runs. What cannot be read stays 0. 0 or -ENOMEM.
 */
int device_read(struct device *dev, int sysfd);

/* Puts in what a probe found. `tags` is taken over. */
void device_set_tags(struct device *d, struct tags *tags, uint64_t now);

struct device *devices_find(const struct devices *d, const char *name);

/* Do both carry the same btrfs, or PVs of the same group? */
bool device_is_of_same(const struct device *a, const struct device *b);

/* The first device that stands on `d`, or NULL. */
const struct device *devices_upper(const struct devices *all, const struct device *d);

/* Puts in what a scan found; `group` (may be NULL) is copied, `total` 0: it is not told. 0 or -ENOMEM. */
int device_set_membership(struct device *d, const char *group, bool complete, unsigned int total);
void tags_free(struct tags *t);
void devices_free(struct devices *d);

/* "vda1 (ext4 UUID=… LABEL=…)", for messages. NULL when out of memory; the caller frees. */
char *device_describe(const struct device *d);

/* All of them, "vda (gpt), vda1 (…)"; "none" when there are none. */
char *devices_describe(const struct devices *d);
