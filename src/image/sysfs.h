/* SPDX-License-Identifier: MIT */
/*
 * sysfs: attributes and links below a /sys that is given by its descriptor.
 *
 * Paths are canonical, without a leading slash: "devices/pci0000:00/0000:00:04.0". What is not there is no error:
 * `*ret` is NULL then. 0 or -ENOMEM.
 */
#pragma once

#include "base/macro.h"

/* The first line of the attribute `dir`/`name`. */
int sysfs_read(int sysfd, const char *dir, const char *name, char **ret);

/* The canonical path that the link `dir`/`name` leads to. By its text alone, as no link in /sys leads to another. */
int sysfs_follow(int sysfd, const char *dir, const char *name, char **ret);

/* The names in `dir` that begin with `prefix`, sorted bytewise: a strv. */
int sysfs_list(int sysfd, const char *dir, const char *prefix, char ***ret);

bool sysfs_has(int sysfd, const char *dir, const char *name);

/* "vda1" of "devices/…/vda/vda1"; and what is before the slash: NULL where there is none, else the caller frees. */
const char *sysfs_name(const char *path);
char *sysfs_parent(const char *path);
