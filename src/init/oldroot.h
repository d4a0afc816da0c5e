/* SPDX-License-Identifier: MIT */
/* oldroot: giving back the memory of the initramfs. */
#pragma once

/*
 * Deletes everything below `fd`, the root of the initramfs, and closes it: only if that is a ramfs, a tmpfs or on a
 * ramdisk, is not the root we stand in, and never across a mount. 0 or -errno; what cannot be deleted stays.
 */
int oldroot_empty(int fd);
