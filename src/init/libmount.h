/* SPDX-License-Identifier: MIT */
/* libmount: mounting with options that are not the kernel's, by libmount where it is there. In a worker; the only file
 * that knows libmount. */
#pragma once

#include "init/mount.h"

/* -ENOPKG: there is no library. What libmount itself says of a failure goes to `fd`. */
int libmount_mount(const struct mount_request *m, int fd);
