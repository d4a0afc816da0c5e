/* SPDX-License-Identifier: MIT */
/*
 * driver: the kernel's part of a file system. The kernel would ask for its module by /sbin/modprobe, which most boots
 * do not unpack.
 */
#pragma once

#include "base/macro.h"

struct run;

/* Does the kernel know that file system? */
bool driver_is_there(const char *fstype);

/* Asks for the modules of file systems that the kernel does not know, "ext4" or "ext4,xfs"; goes on. 0 or -errno. */
int driver_ask(struct run *run, const char *fstypes);

/*
 * Waits for them, with the reserve where it takes that. 0 or -errno of waiting; that there is no such driver mount(2)
 * will say.
 */
int driver_wait(struct run *run, const char *fstypes);
