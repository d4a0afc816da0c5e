/* SPDX-License-Identifier: MIT */
/* merge: a tree laid over another one of the same file system, by renaming. */
#pragma once

/*
 * Moves all that is in the directory `from` into the directory `to`: directories that exist there are kept, anything
 * else is replaced. Moves, so it takes no time and no memory. 0 or -errno: then the rest is where it was. Descriptors
 * are borrowed.
 */
int merge(int from, int to);
