/* SPDX-License-Identifier: MIT */
/* osrelease: what the sysroot's os-release(5) says. */
#pragma once

#include "image/sysroot.h"

/* /etc/os-release, else /usr/lib/os-release; the caller frees it. -ENOENT where there is neither. */
int osrelease_read(const struct sysroot *s, char **ret);
