/* SPDX-License-Identifier: MIT */
/*
 * target: what a machine boots from: file systems, the block devices below them, their hardware up to the bus.
 *
 * Read once from /proc and /sys, which are given as descriptors so that a recorded tree can be given; const
 * afterwards. Nothing is executed. Who wants to know which modules that takes asks needs.h.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

enum target_use {
	USE_ROOT,
	USE_USR,
	USE_BELOW, /* another one's loop device is a file on it */
	USE_SWAP,  /* a partition that the machine swaps to: resume= may name it */
};

struct target_fs {
	enum target_use use;
	char *fstype; /* "ext4"; NULL: not known */
	char *source; /* "/dev/vda1", as mountinfo or who named the device says */
};

enum layer_kind {
	LAYER_DISK,      /* hardware: its devices are in the list */
	LAYER_PARTITION,
	LAYER_CRYPT,     /* dm: LUKS and its like; a passphrase may be asked for */
	LAYER_LVM,       /* dm: a logical volume, or a part of one */
	LAYER_MULTIPATH, /* dm */
	LAYER_VERITY,    /* dm */
	LAYER_DM,        /* dm: any other table */
	LAYER_RAID,      /* md; `detail` is its level: "raid1" */
	LAYER_LOOP,      /* `detail` is the file */
	LAYER_BCACHE,
	LAYER_OTHER,     /* nothing below it in sysfs: nbd, rbd, zram … */
};

/* One block device. */
struct target_layer {
	enum layer_kind kind;
	char *name;   /* the kernel's: "dm-0" */
	dev_t dev;
	char *detail; /* or NULL */
	bool external; /* LAYER_RAID: IMSM or DDF, whose metadata a daemon writes */
};

/* A device on the way from a disk, or from a keyboard, up to the bus; or one that such a device is supplied by. */
struct target_device {
	char *path;     /* below /sys: "devices/pci0000:00/0000:00:04.0/virtio1" */
	char *modalias; /* NULL: it has none */
	char *driver;   /* "virtio_blk"; NULL: none is bound */
	char *module;   /* of that driver, by its name in /sys/module; NULL: built in */
	bool input;     /* only a keyboard needs it */
};

struct target {
	struct target_fs *filesystems; /* the root comes first */
	size_t n_filesystems;
	struct target_layer *layers;   /* what one stands on comes before it */
	size_t n_layers;
	struct target_device *devices; /* a bus comes before what is on it, disks before keyboards */
	size_t n_devices;
	bool efi;       /* it was booted by EFI, whose variables tell from which disk */
	char **modules; /* strv: loaded here for these layers: targets of dm, ciphers */
};

struct target_source {
	int sysfd, procfd;       /* /sys and /proc */
	int devfd;               /* /dev, for its disk/by-*; may be -EBADF */
	const char *mountpoint;  /* of the tree: "/"; or where the tree given lies, "/mnt" */
	const char *fstab;       /* text of its /etc/fstab, or NULL */
	/* What the user says, or NULL: /dev/NAME, MAJ:MIN, UUID=… LABEL=… PARTUUID=… PARTLABEL=… */
	const char *root_device;
};

/*
 * 0; or -errno with `*ret_why` saying in words what is missing ("/ is an overlay, which has no device: this is
 * a container or a live system"), which the caller frees and logs. -ENOTBLK: the root is on no block device;
 * -ENODEV: it cannot be told which; -ENOMEM.
 */
int target_read(const struct target_source *from, struct target *ret, char **ret_why);
void target_free(struct target *t);

/* NULL where there is none of that use: the root is always there. */
const struct target_fs *target_find_fs(const struct target *t, enum target_use use);
bool target_has_layer(const struct target *t, enum layer_kind kind);

/* An array of IMSM or DDF metadata. */
bool target_has_external(const struct target *t);

/* A passphrase may be asked for on the way to it. */
bool target_may_prompt(const struct target *t);

#define _cleanup_target_ _cleanup_(target_free)
