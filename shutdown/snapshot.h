/* SPDX-License-Identifier: MIT */
/*
 * snapshot: what is still there, read below a given root: mounts, swaps, loop, dm and md devices, and which
 * of them stands on which.
 *
 * A node is one of these things. An edge says that `upper` stands on `lower` and must go first: a mount on the
 * mount it is attached to, a mount that hides another, a file system on its device, a device on those below
 * it, a loop on the mount that holds its file. Nothing here touches a file system: the kernel's tables only.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/macro.h"

struct layer;

enum node_kind {
	NODE_MOUNT,
	NODE_SWAP,
	NODE_DEVICE,
};

/* A partition of a device: it goes with the device, what stands on it stands on the device. */
struct part {
	char *name;
	dev_t dev;
};

struct node {
	enum node_kind kind;
	const struct layer *layer;
	char *name;  /* mount: the target; swap: its path; device: the kernel's name, "dm-0" */
	dev_t dev;   /* mount: of the superblock; device: its own */
	char *label; /* mount: the file system type; loop: the file; dm: its name; md: the metadata version */
	char *detail; /* mount: its source; dm: the UUID; md: the level; else NULL */
	char *state; /* dm: "suspended", "live" or "empty"; md: array_state; loop: "autoclear" or ""; else NULL */

	/* mounts */
	int id, parent;
	char *options, *super; /* of the mount, of the superblock */
	bool keep;             /* part of the exitrd itself: never touched, not counted */
	bool elsewhere;        /* in another mount namespace: nothing of ours unmounts it */

	/* swaps, KiB */
	uint64_t used, room;   /* room: the memory there is to take it in */
	bool file;             /* on a file system, not on a device */

	/* devices */
	struct part *parts;
	size_t n_parts;
	char **holders;        /* strv, kernel names of what stands on it or on its partitions */
	dev_t backing;         /* loop: st_dev of its file; 0: not known */
	int opened;            /* dm: how often it is open, for messages; -1: not known */

	/* what was tried before, see tried.h */
	int spent;             /* acts of levels below this ran out of time: not again */
	bool frozen;           /* its superblock is frozen: hands off */
};

struct edge {
	size_t upper, lower; /* indexes of nodes */
};

/* A file system on several devices: the kernel's names of them. */
struct pool {
	char **devices; /* strv */
};

struct snapshot {
	struct node *nodes;
	size_t n, room;
	struct edge *edges;
	size_t n_edges, edges_room;
	struct pool *pools;
	size_t n_pools;
	uint64_t dirty;   /* KiB that are still to be written, of the whole machine */
	uint64_t written; /* KiB that its disks have written so far; see diskstats.h */
	bool machine;   /* all of this is ours: we are PID 1 of the machine, not of a PID namespace */
};

/*
 * Reads what is below `root` (a descriptor of "/": proc/self/mountinfo, proc/swaps, sys/block, dev/…) and
 * links it; keeps ret->machine. 0, -ENOMEM, or the error of reading the mount table; swaps and devices that
 * cannot be read are left out. The caller frees with snapshot_free(). link.c has the edges.
 */
int snapshot_read(int root, struct snapshot *ret);
void snapshot_free(struct snapshot *s);

/* Appends `node` and takes what it owns, also on failure. 0 or -ENOMEM. */
int snapshot_add(struct snapshot *s, struct node *node);
void node_free(struct node *n);

/* Drops the nodes for which `drop` is true. The edges are gone: link again. */
void snapshot_drop(struct snapshot *s, bool (*drop)(const struct node *n, void *data), void *data);

/* The parts of snapshot_read(). What is parsed is of the formats of proc(5); bad lines are left out. */
int mounts_read(int root, struct snapshot *s);
int mounts_parse(const char *text, struct snapshot *s);

/* A mount as a node without a layer; the strings of `e` become its own. */
struct mount_entry;
struct node node_of_mount(struct mount_entry *e);
int swaps_read(int root, struct snapshot *s);
int swaps_parse(const char *text, struct snapshot *s);
int devices_read(int root, struct snapshot *s);
int elsewhere_read(int root, struct snapshot *s);
int pools_read(int root, struct snapshot *s);
void pools_free(struct snapshot *s);

/* Finds all edges anew from the nodes. Pure. 0 or -ENOMEM. */
int snapshot_link(struct snapshot *s);

/*
 * For a PID namespace that is not the machine's: only devices that stand below one of its mounts are its own.
 * Adds their names to `*ours` (a strv that remembers them when the mount is gone) and drops all other devices
 * and all swaps; links again. Pure. 0 or -ENOMEM.
 */
int snapshot_confine(struct snapshot *s, char ***ours);

/* A number that changes when anything of the nodes changes: progress is this and nothing else. */
uint64_t snapshot_fingerprint(const struct snapshot *s);

/* Must this node go? Not what is part of the exitrd, nor a swap that nothing stands in the way of. */
bool node_is_left(const struct snapshot *s, size_t node);

/* The node by kind and name, or NULL. */
const struct node *snapshot_find(const struct snapshot *s, enum node_kind kind, const char *name);

#define _cleanup_snapshot_ _cleanup_(snapshot_free)
