/* SPDX-License-Identifier: MIT */
/* exitrd: the roots that lie inside the image: the exitrd's own, and what is laid over it where that is needed. */
#include "image/build.h"

/* Each row has one in src/init/helper.c. */
static const char *const roots[] = { EXITRD, EXITRD_MDMON };

const char *exitrd_root_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		if (startswith(path, roots[i]))
			return roots[i];
	return "";
}
