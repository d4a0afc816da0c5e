/* SPDX-License-Identifier: MIT */
/*
 * abi: does a library define the symbol versions that are needed of it?
 *
 * What the loader would refuse at boot with "version `GLIBC_2.38' not found" is refused when the
 * image is built: init comes from one place, the libraries from another.
 */
#pragma once

#include "image/elf.h"

/*
 * The first version that `user` needs of the library named `file` and `library` does not define,
 * as a string of `user`; NULL: all there. As in the loader, a version that is needed weakly may
 * be missing, and a library without any version table is good for all. 0 or -EBADMSG.
 */
int abi_missing(const struct elf *user, const char *file, const struct elf *library,
		const char **ret);
