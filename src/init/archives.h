/* SPDX-License-Identifier: MIT */
/*
 * archives: a root that is unpacked from tar archives: rd.slipway.archives=.
 *
 * One archive, or all of a directory in the order of their names (bytes, as LC_ALL=C sorts). They lie in the image, or
 * on a medium, which is mounted read-only as long as that takes. Each is unpacked by a worker whose root is the new
 * one.
 */
#pragma once

struct run;

/*
 * Fills /sysroot, where an empty file system is mounted. 0, or -errno after the one error was logged: then what is
 * there is to be thrown away. The medium is unmounted either way.
 */
int archives_unpack(struct run *run);
