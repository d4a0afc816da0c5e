/* SPDX-License-Identifier: MIT */
/* osrelease: what the sysroot's os-release(5) says. */
#pragma once

#include "image/sysroot.h"

/* /etc/os-release, else /usr/lib/os-release; the caller frees it. -ENOENT where there is neither. */
int osrelease_read(const struct sysroot *s, char **ret);

/* The value of `key`, its quotes taken off; the caller frees it. -ENOENT where the key is not there. */
int osrelease_value(const char *text, const char *key, char **ret);
