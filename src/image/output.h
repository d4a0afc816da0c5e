/* SPDX-License-Identifier: MIT */
/* output: the image's file, whole or not at all. */
#pragma once

#include "base/macro.h"

/*
 * Writes under a temporary name beside `path`, mode 0600 (an image may hold keys), flushes it to
 * disk, renames it to `path`, flushes the directory. Room is taken before the first byte. On
 * failure the old file is untouched, the temporary one is gone and the one error is logged:
 * -ENOSPC, -EDQUOT or -EFBIG (a limit on file sizes) where there is no room, -EBUSY while another
 * slipway writes the same image, or what the system says.
 *
 * A build that was killed may leave the temporary file; the next one takes it over.
 */
int output_write(const char *path, const void *data, size_t size);
