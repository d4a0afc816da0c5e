/* SPDX-License-Identifier: MIT */
/* tempdir: a directory for a tool that takes files only, removed with all that is in it. */
#pragma once

#include "base/macro.h"

struct tempdir {
	char *path;
	int fd; /* O_PATH */
};

#define TEMPDIR_NONE { .fd = -EBADF }

/* In $TMPDIR, else /tmp; for us alone. 0, or -errno after the error was logged. */
int tempdir_open(struct tempdir *ret);
void tempdir_close(struct tempdir *t);

#define _cleanup_tempdir_ _cleanup_(tempdir_close)
