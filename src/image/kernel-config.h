/* SPDX-License-Identifier: MIT */
/* kernel-config: what a kernel was built with, where its package says so. */
#pragma once

#include "image/sysroot.h"

struct kernel_config {
	char *text; /* NULL: not known */
	char *path; /* in the sysroot, for messages */
};

/*
 * /boot/config-KVER, or `config` in the directory of its modules, whichever there is; none of them is fine. 0, or what
 * reading says.
 */
int kernel_config_read(const struct sysroot *s, const char *kver, const char *modules, struct kernel_config *ret);
void kernel_config_free(struct kernel_config *k);

/* Is the option "CONFIG_RD_XZ" y or m? `unknown` where nothing is known of the kernel. */
bool kernel_config_has(const struct kernel_config *k, const char *option, bool unknown);
