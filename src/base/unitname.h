/* SPDX-License-Identifier: MIT */
/* unitname: a path as systemd writes it in a unit's name: systemd-escape --path. */
#pragma once

/* "/dev/disk/by-uuid/0-1" → "dev-disk-by\x2duuid-0\x2d1". 0 or -ENOMEM; the caller frees `*ret`. */
int unitname_escape_path(const char *path, char **ret);
