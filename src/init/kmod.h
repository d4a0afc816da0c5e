/* SPDX-License-Identifier: MIT */
/* kmod: any module, by libkmod where it is there. In a worker; the only file that knows libkmod. */
#pragma once

struct kmod;

/* Opens the library and its indexes. -ENOPKG: there is no library. The caller closes. */
int kmod_open(struct kmod **ret);
void kmod_close(struct kmod *k);

/* Loads what an alias or a name stands for, and answers for each module on `fd`. */
void kmod_serve(struct kmod *k, const char *alias, int fd);
