/* SPDX-License-Identifier: MIT */
/*
 * ldpath: the directories in which the dynamic loader of a sysroot looks for libraries, ld.so(8).
 *
 * /etc/ld.so.cache is not read: it says what ldconfig found when it last ran; ld.so.conf says
 * what it would find now. glibc-hwcaps directories are left out: what is in them is also in the
 * directory above, for every processor, and the image may run on any.
 */
#pragma once

#include "image/sysroot.h"

/*
 * What /etc/ld.so.conf says, `include` lines followed inside the sysroot, appended to the strv
 * `ret`. No file: nothing. -ELOOP where files include each other.
 */
int ldpath_read_conf(const struct sysroot *s, char ***ret);

/*
 * Takes apart a DT_RPATH or DT_RUNPATH of an object that lies in the directory `origin`
 * ("usr/bin"), and appends the directories to `ret`. $ORIGIN is replaced, and $LIB by where the
 * loader itself lies ("usr/lib/x86_64-linux-gnu" makes it "lib/x86_64-linux-gnu"; NULL: not known);
 * entries with other variables ($PLATFORM), whose values only the loader knows, are left out, and
 * so are relative ones.
 */
int ldpath_expand(const char *rpath, const char *origin, const char *loader_dir, char ***ret);

/* Every loader's own last choice. */
extern const char *const ldpath_defaults[];
