/* SPDX-License-Identifier: MIT */
/* dropin: configuration in pieces: DIR/NAME.conf, where the earlier directory masks the later one's name. */
#pragma once

/*
 * The content of all files with that suffix in the directories of the strv `dirs` (paths below `dirfd`),
 * sorted by name, a newline after each. A name in an earlier directory hides the same name in a later one.
 * Directories that are not there are fine. The caller frees `*ret`, which is "" when there is nothing.
 */
int dropin_read(int dirfd, const char *const dirs[], const char *suffix, char **ret);

/* Overwrites with spaces each line that begins with '#' or ';': a comment in all these formats. */
void dropin_blank_comments(char *text);
