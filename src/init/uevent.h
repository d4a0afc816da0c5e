/* SPDX-License-Identifier: MIT */
/* uevent: what the kernel *says* of a device: a flat struct, parsed, acted on, dropped. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

enum uevent_action { UEVENT_OTHER, UEVENT_ADD, UEVENT_CHANGE, UEVENT_REMOVE };

/* Strings are borrowed from the buffer that was parsed; NULL where the kernel did not say. */
struct uevent {
	enum uevent_action action;
	const char *devpath;   /* below /sys, "/devices/…" */
	const char *subsystem;
	const char *devname;   /* below /dev */
	const char *devtype;   /* "disk", "partition" */
	const char *modalias;
	const char *partname;
	int partn;             /* 0: none */
	dev_t devno;
};

/*
 * A message of NETLINK_KOBJECT_UEVENT: "add@/devices/…" and KEY=value, each ended by NUL. -EINVAL for what
 * is not of that form or names a device outside /dev.
 */
int uevent_parse_message(char *buffer, size_t size, struct uevent *ret);

/* A sysfs file `uevent`: KEY=value lines; `text` is cut up. The action is UEVENT_ADD. */
int uevent_parse_sysfs(char *text, struct uevent *ret);

/* The socket on which the kernel, and nobody else, speaks. Non-blocking. A descriptor or -errno. */
int uevent_open(void);

/*
 * Receives one message into `buffer`. 1: `*ret` is set; 0: nothing more; -ENOBUFS: messages were lost and
 * /sys must be read again; -EINVAL: a message to be dropped.
 */
int uevent_receive(int fd, char *buffer, size_t size, struct uevent *ret);
