/* SPDX-License-Identifier: MIT */
/* md: what /sys tells of an array. */
#pragma once

#include "base/macro.h"

/*
 * Is the block device `name` ("md127") of /sys, of which `sysfd` is a descriptor, an array whose metadata a program
 * writes, mdmon: IMSM, DDF, the volumes of either? Documentation/admin-guide/md.rst, metadata_version.
 */
bool md_is_external(int sysfd, const char *name);
