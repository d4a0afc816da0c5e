/* SPDX-License-Identifier: MIT */
/*
 * profile: what took how long: spans of monotonic time in a bounded buffer.
 *
 * PID 1 notes them as it goes: what begins, what ends, which device it was about. What led to what is found from
 * that at the end (cause.h), and written as a trace (trace.h) and for systemd (bars.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PROFILE_SPANS 1024 /* about 150 disks */
#define PROFILE_NAME  96   /* bytes; a longer name is cut */

enum span_kind {
	SPAN_STAGE,    /* a stage of main's table, "root", or with a slash a part of one, "root/fsck" */
	SPAN_WAIT,     /* for a device: "root/wait" */
	SPAN_MODULE,   /* inserting one: "virtio_blk" */
	SPAN_DEVICE,   /* a block device came: an instant, "vda", "dm-0 vg-root"; ends as it starts */
	SPAN_HELPER,   /* a storage project's own tool: "cryptsetup open vda2" */
	SPAN_WORKER,   /* a fork of ours: "probe vda" */
	SPAN_QUESTION, /* to a person: "passphrase for vda2" */
	SPAN_KINDS,
};

struct span {
	enum span_kind kind;
	char *name;
	char *device;        /* as the kernel calls it; NULL: about none. Of a wait: what ended it */
	uint64_t start, end; /* CLOCK_MONOTONIC µs; end 0: still open */
};

/* A span's id is its place. */
struct profile {
	struct span *spans;
	size_t n;
	size_t dropped; /* a full buffer drops the newest, as does one for which there is no memory */
};

/* Opens a span. Name and device (may be NULL) are copied. Its id, or -1 where it was dropped. */
int profile_begin(struct profile *p, enum span_kind kind, const char *name, const char *device);

/* Bears the -1 of one that was dropped. With rd.debug a line says how long it took. */
void profile_end(struct profile *p, int id);

/* The same of a wait that `device` has ended; NULL: nothing has. */
void profile_found(struct profile *p, int id, const char *device);

/* Ends all that is open but stages: who did it is gone. */
void profile_end_work(struct profile *p);

/* Ends the stage `last` (-1: there is none) and opens the next one, both at `now`: nothing lies between them. */
int profile_stage(struct profile *p, int last, const char *name, uint64_t now);

/* A block device came; `mapping` is device-mapper's name of it, or NULL. */
void profile_device(struct profile *p, const char *device, const char *mapping);

/* One whose times somebody else has taken: a worker, of its module. */
void profile_add(struct profile *p, enum span_kind kind, const char *name, const char *device, uint64_t start,
		 uint64_t end);

/* "probe vda": a name for what is done to somebody. As a value, for an argument: span_name("probe", name).text */
struct span_name {
	char text[PROFILE_NAME + 1];
};
struct span_name span_name(const char *what, const char *whom);

/* "stage", "wait" …: the category in the trace. */
const char *span_kind_name(enum span_kind kind);
void profile_free(struct profile *p);
