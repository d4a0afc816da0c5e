/* SPDX-License-Identifier: MIT */
/*
 * helper: programs that the way back needs for what is attached, and only then: for most roots `shutdown` does it all.
 *
 * Each is a tree of the image that is laid over the exitrd, with its libraries. src/image/exitrd.c puts them in.
 */
#pragma once

/*
 * Looks at what is attached (/sys as the descriptor `sysfd`) and copies what that needs from `from` (the directory
 * of all helpers; -EBADF where the image has none) to `to`. What fails is a warning that names the device.
 */
void helpers_stage(int sysfd, int from, int to);
