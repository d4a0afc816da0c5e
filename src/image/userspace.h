/* SPDX-License-Identifier: MIT */
/* userspace: since when the machine's systemd runs, as it says itself. */
#pragma once

#include <stdint.h>

/* systemd's UserspaceTimestampMonotonic, µs. -ENOENT where there is no systemctl; -EINVAL, -EIO: it does not say. */
int userspace_ask(uint64_t *ret);
