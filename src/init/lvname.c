/* SPDX-License-Identifier: MIT */
/* lvname: how volumes of LVM are called. */
#include "init/lvname.h"

#define UUID_PREFIX "LVM-"
#define UUID_SIZE   64 /* of the group and of the volume, one after the other */

/* Up to a '/' or, in device-mapper's spelling, up to a single '-'. Where that was, or NULL: it is no name. */
static const char *read_part(const char *text, bool doubled, char to[LVNAME_MAX])
{
	size_t n = 0;

	for (; *text && *text != '/'; text++) {
		if (doubled && *text == '-') {
			if (text[1] != '-')
				break;
			text++;
		}
		if (n == LVNAME_MAX - 1)
			return NULL;
		to[n++] = *text;
	}
	return n > 0 ? text : NULL;
}

bool lvname_read(const char *text, struct lvname *ret)
{
	bool doubled = !strchr(text, '/');
	struct lvname name = { 0 };
	const char *rest = read_part(text, doubled, name.group);

	/* Whatever the first part ended at divides, but the end. */
	if (!rest || !*rest)
		return false;
	rest = read_part(rest + 1, doubled, name.volume);
	if (!rest || *rest)
		return false;
	*ret = name;
	return true;
}

bool lvname_equal(const struct lvname *a, const struct lvname *b)
{
	return streq(a->group, b->group) && streq(a->volume, b->volume);
}

bool lvname_is_private(const char *dm_name, const char *dm_uuid)
{
	static const char *const reserved[] = {
		"_cdata",  "_cmeta",   "_corig",  "_cpool", "_cvol",  "_imeta", "_iorig",   "_mimage", "_mlog",
		"_pmspare", "_rimage", "_rmeta",  "_tdata", "_tmeta", "_vdata", "_vorigin", "_wcorig",
	};
	const char *rest = dm_uuid ? startswith(dm_uuid, UUID_PREFIX) : NULL;
	struct lvname name;

	if (!rest)
		return false;
	if (strlen(rest) > UUID_SIZE && rest[UUID_SIZE] == '-')
		return true;
	for (size_t i = 0; dm_name && lvname_read(dm_name, &name) && i < ARRAY_SIZE(reserved); i++)
		if (strstr(name.volume, reserved[i]))
			return true;
	return false;
}
