/* SPDX-License-Identifier: MIT */
/* difference: what lies in one image and not, or other than, in another. */
#pragma once

#include "image/image.h"

/*
 * A line for each path that is not the same, to standard output unless `quiet`: "-" only in a, "+" only in b, "!" in
 * both, then how many bytes it has or has more, the path, and what differs: type, mode, owner, size, content, target,
 * device. Times are not compared. Last the sums. 1: they differ; 0: they do not; -errno after the error was logged.
 */
int difference_print(const struct image *a, const struct image *b, bool quiet);
