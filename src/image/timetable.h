/* SPDX-License-Identifier: MIT */
/* timetable: a boot's spans as lines of text. */
#pragma once

#include "image/critical.h"

/* Errors are the stream's, see ferror(3). */
void timetable_print(FILE *f, const struct timeline *t, const struct critical *c);
