/* SPDX-License-Identifier: MIT */
/* loopdev: a file below ROOTFILE_HOST as a block device. loop(4) */
#pragma once

struct run;

/*
 * Attaches it where it is not attached yet; the kernel announces the device and its partitions. For reading only
 * where the file system is. 0, or -errno after the one error was logged.
 */
int loopdev_attach(struct run *run, const char *path);
