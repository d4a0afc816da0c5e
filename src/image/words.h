/* SPDX-License-Identifier: MIT */
/* words: a line of text as words, divided by blanks. */
#pragma once

#include "base/macro.h"

/*
 * Appends the words of `text` to the strv `ret`. What stands between two " or two ' is taken as it is, blanks
 * too, and may be a part of a word; '#' where a word would begin ends the line. 0, -ENOMEM, or -EINVAL where a
 * quote is not closed (`ret` may have grown).
 */
int words_split(const char *text, char ***ret);
