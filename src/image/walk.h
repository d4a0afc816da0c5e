/* SPDX-License-Identifier: MIT */
/*
 * walk: a path resolved component by component, inside a root.
 *
 * The kernel's own resolution (openat2 with RESOLVE_IN_ROOT) says what a path ends at, but not
 * which symlinks led there, and the image needs those too. The rules are those of
 * path_resolution(7): an absolute target starts again at the root, ".." stays in it, forty links
 * are a loop.
 */
#pragma once

#include "base/macro.h"

/*
 * What lies at `path` (no symlink in it, no leading slash)? 1 with the link's text in
 * `*ret_target`, which walk() frees; 0: not a symlink, or nothing known; -errno ends the walk.
 */
typedef int (*walk_look)(void *data, const char *path, char **ret_target);

/*
 * `*ret` is the path without symlinks, "." and "..", without leading slash; "" is the root. The
 * caller frees it. 0, what `look` returned, -ELOOP or -ENOMEM.
 */
int walk(const char *path, walk_look look, void *data, char **ret);
