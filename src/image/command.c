/* SPDX-License-Identifier: MIT */
/* command: what `slipway WORD` runs: a file for each, and the table in main.c. */
#include <errno.h>

#include "image/command.h"

const struct option_row no_options[] = { { 0 } };

enum exit_code command_exit_code(int r)
{
	if (r == -ENOSPC || r == -EDQUOT || r == -EFBIG)
		return EXIT_NO_SPACE;
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}
