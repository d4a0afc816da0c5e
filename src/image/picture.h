/* SPDX-License-Identifier: MIT */
/* picture: a boot as an SVG: one time axis, the kernel's part in front, a lane for each kind of span. */
#pragma once

#include "image/critical.h"

/*
 * The text of the file, the caller frees. Black on white, of patterns and frames as well as colours, without a font or
 * a script from elsewhere; it is as wide as what it is shown in. The same recording gives the same bytes. 0 or -ENOMEM.
 */
int picture_draw(const struct timeline *t, const struct critical *c, char **ret);
