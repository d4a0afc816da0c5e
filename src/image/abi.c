/* SPDX-License-Identifier: MIT */
/* abi: does a library define the symbol versions that are needed of it? */
#include <errno.h>

#include "image/abi.h"

struct question {
	const char *file;
	const struct elf *library;
	const char *missing;
};

/* For elf_each_defined_version(): 1 when it is this one. */
static int is_version(const struct elf_version *v, void *data)
{
	return streq(v->version, data);
}

/* For elf_each_needed_version(): 1 when it is missing. */
static int look(const struct elf_version *v, void *data)
{
	struct question *q = data;
	int r;

	if (v->weak || !streq(v->file, q->file))
		return 0;
	r = elf_each_defined_version(q->library, is_version, (void *)v->version);
	if (r != 0)
		return r < 0 ? r : 0;
	q->missing = v->version;
	return 1;
}

int abi_missing(const struct elf *user, const char *file, const struct elf *library,
		const char **ret)
{
	struct question q = { .file = file, .library = library };
	int r = 0;

	if (library->verdef_n > 0)
		r = elf_each_needed_version(user, look, &q);
	if (r < 0)
		return r;
	*ret = q.missing;
	return 0;
}
