/* SPDX-License-Identifier: MIT */
/* spec: how somebody names a block device: root=UUID=…, /dev/disk/by-label/…, 8:1. */
#pragma once

#include <sys/types.h>

#include "base/macro.h"

enum spec_kind {
	SPEC_NONE,
	SPEC_UUID,      /* of the file system, any case */
	SPEC_LABEL,
	SPEC_PARTUUID,  /* of the partition; part_offset counts on from it */
	SPEC_PARTLABEL,
	SPEC_NAME,      /* the kernel's or devtmpfs's name below /dev */
	SPEC_DM_NAME,   /* /dev/mapper/NAME */
	SPEC_DEVNO,     /* major:minor */
	SPEC_DISKSEQ,   /* /dev/disk/by-diskseq/N */
	SPEC_ID,        /* /dev/disk/by-id/…: what udev would call it */
	SPEC_PATH,      /* /dev/disk/by-path/… */
	SPEC_GPT,       /* by its partition's type: gpt-auto; gpt.h */
	SPEC_INSIDE,    /* the file system in the file of loop=; nobody writes this one */
	SPEC_ANY,       /* any file system: what else is said of it must do. Nor is this one written */
	SPEC_HOLDING,   /* a file system that has the file `value`. Nor this one */
};

enum removable { REMOVABLE_ANY, REMOVABLE_ONLY, REMOVABLE_NEVER };

struct spec {
	enum spec_kind kind;
	char *text;      /* as it was written, for messages */
	char *value;     /* without prefix and quotes, udev's \xNN decoded */
	dev_t devno;
	int part_offset; /* PARTUUID=…/PARTNROFF=n */
	char *parttype;  /* SPEC_GPT: the type, `value` a PARTUUID on the same disk; both NULL until that is known */
	/* And what else must be so, for a live medium. */
	char *fstype;             /* its type is one of these, "iso9660,vfat"; NULL: whatever it is */
	enum removable removable;
};

/*
 * Reads `text`; the caller frees with spec_free(). -EINVAL for what names no block device: an empty value, a
 * path outside /dev, a ".." in it. `what` it is allowed to be is in spec_allowed.
 */
int spec_parse(const char *text, struct spec *ret);
void spec_free(struct spec *s);

/*
 * The node below /dev by which udev shows it: "/dev/disk/by-label/a\\x20b" for LABEL=a b; what was written where
 * that is a path already. The caller frees `*ret`. 0 or -ENOMEM.
 */
int spec_udev_node(const struct spec *s, char **ret);

/* Where the file system is mounted that has the root's file: SPEC_INSIDE is what stands on a file below. */
#define ROOTFILE_HOST "/run/slipway/host"

/* For error messages: the accepted spellings. */
extern const char spec_allowed[];
