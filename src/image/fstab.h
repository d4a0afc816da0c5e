/* SPDX-License-Identifier: MIT */
/* fstab: what the sysroot's /etc/fstab says about its root. */
#pragma once

/*
 * The file system type in the row whose target is "/". The caller frees it. -ENOENT where there
 * is no such row, or it leaves the type open ("auto"). Of a list ("ext4,ext3") it is the first.
 */
int fstab_root_type(const char *text, char **ret);
