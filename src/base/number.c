/* SPDX-License-Identifier: MIT */
/* number: reading one. sscanf(3) takes signs and spaces, and wraps what is too large. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

int number_parse(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t n;

	if (!*s || s[strspn(s, "0123456789")])
		return -EINVAL;
	errno = 0;
	n = strtoull(s, NULL, 10);
	if (errno || n > max)
		return -ERANGE;
	*ret = n;
	return 0;
}
