/* SPDX-License-Identifier: MIT */
/* json: writing it. RFC 8259 */
#pragma once

#include <stdio.h>

/*
 * `s` as a string, in quotes. Its bytes need not be UTF-8, though JSON must be: each that belongs to no character is
 * written as U+FFFD. Errors are the stream's.
 */
void json_string(FILE *f, const char *s);
