/* SPDX-License-Identifier: MIT */
/* osrelease: what the sysroot's os-release(5) says. */
#include <errno.h>

#include "image/osrelease.h"

int osrelease_read(const struct sysroot *s, char **ret)
{
	int r = sysroot_read(s, "/etc/os-release", ret);

	return r == -ENOENT ? sysroot_read(s, "/usr/lib/os-release", ret) : r;
}
