/* SPDX-License-Identifier: MIT */
/* kernels: the kernels of a sysroot, by the directories of their modules. */
#pragma once

#include "image/sysroot.h"

/* Their versions, by name, appended to the strv `ret`. Errors are logged. */
int kernels_list(const struct sysroot *s, char ***ret);

/* Those alone that have the index that depmod makes: of a kernel that was removed other files may have stayed. */
int kernels_list_indexed(const struct sysroot *s, char ***ret);

/* The directory of that one's modules, canonical: "usr/lib/modules/6.1.0-50-amd64". -ENOENT. */
int kernels_find(const struct sysroot *s, const char *kver, char **ret);
