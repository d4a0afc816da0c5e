/* SPDX-License-Identifier: MIT */
/* fstab: what the sysroot's /etc/fstab says about a place. */
#pragma once

/*
 * The row whose target is `target`. What is asked for is the caller's to free; either may be NULL. -ENOENT where there
 * is no such row. The type is NULL where it leaves it open ("auto"); of a list ("ext4,ext3") it is the first. The
 * source is as libmount reads it: without quotes, escapes undone.
 */
int fstab_find(const char *text, const char *target, char **ret_source, char **ret_type);

/* Its options, escapes undone, "" where it has none. The caller frees. -ENOENT: there is no such row. */
int fstab_find_options(const char *text, const char *target, char **ret);
