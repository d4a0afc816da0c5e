/* SPDX-License-Identifier: MIT */
/* imagename: where a distribution's boot loader looks for the image of a kernel. */
#pragma once

#include "image/sysroot.h"

/*
 * "boot/initrd.img-6.1.0-50-amd64" in that sysroot, for the kernel whose modules lie in `modules`; the caller frees it.
 * The distribution is known by ID and ID_LIKE of its os-release(5). 0 or -errno.
 */
int imagename_choose(const struct sysroot *s, const char *modules, const char *kernel, char **ret);
