/* SPDX-License-Identifier: MIT */
/* libjansson: what is used of it, opened when a recorded boot is read. */
#include <dlfcn.h>
#include <errno.h>

#include "base/optional.h"
#include "image/libjansson.h"

OPTIONAL_LIBRARY("profile", "Recorded boots, for slipway profile", "suggested", LIBJANSSON);

#define SYMBOL(name) { "json_" #name, offsetof(struct libjansson, name) }

int libjansson_open(struct libjansson *ret)
{
	static const struct optional_symbol symbols[] = {
		SYMBOL(loadb),      SYMBOL(delete),       SYMBOL(object_get),    SYMBOL(array_size),
		SYMBOL(array_get),  SYMBOL(string_value), SYMBOL(integer_value), SYMBOL(number_value),
	};
	struct libjansson j = { 0 };

	if (optional_open(LIBJANSSON, symbols, ARRAY_SIZE(symbols), &j, &j.handle) < 0)
		return -ENOPKG;
	*ret = j;
	return 0;
}

void libjansson_close(struct libjansson *j)
{
	if (j->handle)
		(void)dlclose(j->handle);
	*j = (struct libjansson){ 0 };
}
