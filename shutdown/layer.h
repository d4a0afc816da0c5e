/* SPDX-License-Identifier: MIT */
/*
 * layer: the kinds of things that are taken down, one row each: how it is known, how it is read, and what is
 * done about it at which level of escalation. A new kind is a file and a row.
 */
#pragma once

#include <stdint.h>

#include "shutdown/snapshot.h"

/* How hard we try. The number is the "escalation" of the last line. */
enum escalation {
	E_PLAIN,    /* detach what nothing stands on */
	E_HOLDERS,  /* end the processes that hold it, '@' daemons too */
	E_FORCE,    /* MNT_FORCE: pending requests to a server that does not answer fail */
	E_READONLY, /* superblocks become read-only */
	E_FREEZE,   /* file systems are frozen in a clean state, devices removed when they are let go */
	E_SYSRQ,    /* emergency sync and remount */
};

/* What stands on a node and what it stands on, counted. */
struct standing {
	size_t uppers, mounts;  /* all that stands on it; mounts among them */
	size_t files;           /* loops and swap files among them: they need its file system alive */
	size_t lowers;          /* what it stands on, without what is kept */
	bool on_kept;           /* a mount attached to the exitrd itself */
};

struct act {
	const char *name;
	enum escalation level;  /* from which on */
	uint64_t timeout;       /* µs */
	/* Is this what to do with the node now? Pure. */
	bool (*wanted)(const struct node *n, const struct standing *st);
	/*
	 * Does it; runs in a worker. `root` is a descriptor of "/". 0: it believes that it is done; -errno. Neither
	 * is believed by the caller: the next snapshot tells. -EIO alone means more: data could not be written.
	 */
	int (*run)(int root, const struct node *n);
};

#define LAYER_ACTS 6

struct layer {
	const char *name;
	const char *count; /* the field of the last line that counts it */
	enum node_kind kind;
	bool (*matches)(const struct node *n); /* NULL: every node of that kind */
	/*
	 * Devices: reads what is special to the kind. `dir` is /sys/block/NAME. 0, -ENOENT where the device is
	 * there but not in use, or -errno.
	 */
	int (*read)(int root, int dir, struct node *n);
	bool partitions; /* the kernel looks for partitions on such a device (dm's are devices of their own) */
	struct act acts[LAYER_ACTS]; /* in the order of levels; ends with a row without name */
};

/* All of them, in the order in which they are tried, from the outermost to the innermost. */
extern const struct layer layers[];
extern const size_t n_layers;

/* The row for a node of which kind, name and label are known; NULL: nothing to take down. */
const struct layer *layer_of(const struct node *n);

/* For messages: "mount /oldroot (ext4 /dev/vda2)". The caller frees; NULL: no memory. */
char *node_describe(const struct node *n);

/* "wanted" questions. */
bool when_leaf(const struct node *n, const struct standing *st);
bool when_writable(const struct node *n, const struct standing *st);

/* elsewhere.c, api.c, mount.c */
bool mount_is_elsewhere(const struct node *n);
bool mount_is_api(const struct node *n);
bool mount_is_remote(const struct node *n);
bool mount_has_no_mounts(const struct node *n, const struct standing *st);
bool mount_is_in_the_way(const struct node *n, const struct standing *st);
bool mount_may_freeze(const struct node *n, const struct standing *st);
int mount_detach(int root, const struct node *n);
int mount_lift(int root, const struct node *n);
int mount_unmount(int root, const struct node *n);
int mount_force(int root, const struct node *n);
int mount_readonly(int root, const struct node *n);
int mount_freeze(int root, const struct node *n);
int mount_thaw(int root, const struct node *n);

/* swap.c */
bool swap_fits(const struct node *n, const struct standing *st);
int swap_off(int root, const struct node *n);

/* loopdev.c */
bool loop_matches(const struct node *n);
int loop_read(int root, int dir, struct node *n);
int loop_clear(int root, const struct node *n);
int loop_autoclear(int root, const struct node *n);

/* dm.c */
bool dm_matches(const struct node *n);
int dm_read(int root, int dir, struct node *n);
int dm_remove(int root, const struct node *n);
int dm_remove_deferred(int root, const struct node *n);
int dm_resume(int root, const struct node *n);

/* md.c */
bool md_matches(const struct node *n);
int md_read(int root, int dir, struct node *n);
bool md_is_container(const struct node *n);
/* "md127/0" of a volume of external metadata: the container's name and its number there; NULL: it is none. */
const char *md_container_of(const struct node *n);
bool md_is_monitored(const struct node *n);
bool md_is_forsaken(const struct node *n, const struct standing *st);
int md_stop(int root, const struct node *n);
int md_clear(int root, const struct node *n);

/* holders.c */
int holders_end(int root, const struct node *n);
