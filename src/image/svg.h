/* SPDX-License-Identifier: MIT */
/* svg: text in an SVG. */
#pragma once

#include "base/macro.h"

/*
 * `s`, UTF-8, as character data or within a quoted attribute; what XML cannot hold becomes "?" (XML 1.0, 2.2). Errors
 * are the stream's, see ferror(3).
 */
void svg_escape(FILE *f, const char *s);

/* How wide that is at most, in letters of the size `em`; an estimate: who looks has a font of their own. */
double svg_width(const char *s, double em);

/* A copy that is no wider than that, "passphrase for luks-6…" if need be. The caller frees; NULL: out of memory. */
char *svg_shorten(const char *s, double em, double width);

/* <text class="CLASS" x="X" y="Y">…</text> */
void svg_text(FILE *f, const char *class, double x, double y, const char *s);
