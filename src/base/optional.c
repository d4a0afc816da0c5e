/* SPDX-License-Identifier: MIT */
/* optional: a library that a program opens when it wants it. */
#include "base/optional.h"

#include <dlfcn.h>
#include <errno.h>

static void close_library(void **library)
{
	if (*library)
		(void)dlclose(*library);
}

int optional_open(const char *soname, const struct optional_symbol *symbols, size_t n, void *table, void **ret)
{
	_cleanup_(close_library) void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return -ENOPKG;
	for (size_t i = 0; i < n; i++) {
		void *symbol = dlsym(library, symbols[i].name);

		if (!symbol)
			return -ENOSYS;
		/* dlsym(3): a pointer to a function is handed over as one to an object. */
		memcpy((char *)table + symbols[i].offset, &symbol, sizeof(symbol));
	}
	*ret = TAKE_PTR(library);
	return 0;
}
